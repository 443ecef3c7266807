import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PbsOptions {
  /** Where the job's files go; made when it is missing. */
  folder: string;
  /** Names as the nodes are called, in the job's order. The first runs the job script. */
  nodes: readonly string[];
  /** `mpiprocs` of each chunk (PBS Pro) or `ppn` (Torque): lines of the node file for each node. Default 1. */
  slotsPerNode?: number;
  /** `ncpus` of each chunk. Default: as many as slots. */
  ncpus?: number;
  /** Default `pbspro`, which OpenPBS is too. */
  dialect?: 'pbspro' | 'torque';
  /** Number of the job. Default 1234. */
  number?: number;
  /** Member of a job array. Default: none. */
  arrayIndex?: number;
  /** Name of the server, which ends the job's id. Default `pbs-server`. */
  server?: string;
  /** A job of `qsub -I`. Default false. */
  interactive?: boolean;
  queue?: string;
  jobName?: string;
  /** Where qsub was run. Default: the folder `submitted`, which is made. */
  submittedFrom?: string;
}

/** What a job script finds when PBS starts it. */
export interface PbsJob {
  /** All that PBS adds to the environment. */
  env: Record<string, string>;
  /** `1234.pbs-server`, or `1234[7].pbs-server`. */
  jobId: string;
  /** Path of the node file, which is there. */
  nodeFile: string;
}

/**
 * Environment and files of a running job as PBS makes them, because no PBS can be installed here. PBS Pro: User's Guide 2022.1, "Environment Variables" and
 * "The Job's Node File"; Torque 6: qsub(1B) and the Administrator Guide, "Exported batch environment variables". Only the folder of the node file differs,
 * `/var/spool/pbs/aux` or `/var/spool/torque/aux`: the path is of the same form below `folder`.
 */
export function pbsEnvironment(options: PbsOptions): PbsJob {
  const { folder, nodes, slotsPerNode = 1, ncpus = slotsPerNode, dialect = 'pbspro', number = 1234, server = 'pbs-server' } = options;
  const { arrayIndex, interactive = false, queue = 'workq', jobName = interactive ? 'STDIN' : 'job.sh' } = options;
  const array = arrayIndex === undefined ? '' : `[${arrayIndex}]`;
  const jobId = `${number}${array}.${server}`;
  const made = (...path: string[]) => {
    const full = join(folder, ...path);
    mkdirSync(full, { recursive: true });
    return full;
  };
  const home = made('home');
  const workdir = options.submittedFrom ?? made('submitted');
  const tmp = made(`pbs.${jobId}`);
  const nodeFile = join(made('spool', dialect === 'torque' ? 'torque' : 'pbs', 'aux'), jobId);
  writeFileSync(nodeFile, nodes.flatMap((node) => Array.from({ length: slotsPerNode }, () => `${node}\n`)).join(''));

  const env: Record<string, string> = {
    ENVIRONMENT: 'BATCH',
    TMPDIR: tmp,
    PBS_ENVIRONMENT: interactive ? 'PBS_INTERACTIVE' : 'PBS_BATCH',
    PBS_JOBCOOKIE: '00000000207DB83E000000005275737E',
    PBS_JOBID: jobId,
    PBS_JOBNAME: jobName,
    PBS_MOMPORT: '15003',
    PBS_NODEFILE: nodeFile,
    PBS_NODENUM: '0',
    PBS_QUEUE: queue,
    PBS_TASKNUM: '1',
    ...(arrayIndex === undefined ? {} : arrayVariables(dialect, { number, server, arrayIndex })),
    PBS_O_HOME: home,
    PBS_O_HOST: 'login1',
    PBS_O_LANG: 'en_US.UTF-8',
    PBS_O_LOGNAME: 'bench',
    PBS_O_MAIL: '/var/mail/bench',
    PBS_O_PATH: '/usr/local/bin:/usr/bin:/bin',
    PBS_O_QUEUE: queue,
    PBS_O_SHELL: '/bin/bash',
    PBS_O_WORKDIR: workdir,
  };
  const own: Record<string, string> =
    dialect === 'torque'
      ? {
          PBS_NP: String(nodes.length * slotsPerNode),
          PBS_NUM_NODES: String(nodes.length),
          PBS_NUM_PPN: String(slotsPerNode),
          PBS_SERVER: server,
          PBS_VERSION: 'TORQUE-6.1.3',
          PBS_VNODENUM: '0',
          PBS_WALLTIME: '3600',
        }
      : { NCPUS: String(ncpus), OMP_NUM_THREADS: String(ncpus), PBS_JOBDIR: home, PBS_O_SYSTEM: 'Linux', PBS_O_TZ: 'UTC' };
  return { env: { ...env, ...own }, jobId, nodeFile };
}

const arrayVariables = (
  dialect: 'pbspro' | 'torque',
  { number, server, arrayIndex }: { number: number; server: string; arrayIndex: number },
): Record<string, string> =>
  dialect === 'torque'
    ? { PBS_ARRAYID: String(arrayIndex) }
    : { PBS_ARRAY_ID: `${number}[].${server}`, PBS_ARRAY_INDEX: String(arrayIndex) };
