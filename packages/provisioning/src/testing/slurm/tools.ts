import { sacctLine, scontrolLine, sinfoLines, squeueLine, outputOf } from './formats.ts';
import { failed, sbatch, type ToolResult } from './sbatch.ts';
import { isGone, type FakeSlurmJob, type SlurmWorld } from './world.ts';

export interface ToolInput {
  args: readonly string[];
  stdin: string;
  /** Absolute. */
  folder: string;
}
export type Tool = (world: SlurmWorld, input: ToolInput) => ToolResult;

const ok = (stdout: string): ToolResult => ({ code: 0, stdout, stderr: '' });
const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const option = (args: readonly string[], name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);

const squeue: Tool = (world, { args }) => {
  const wanted = option(args, 'jobs')?.split(',');
  const mine = args.includes('--me');
  const all = option(args, 'states') === 'all';
  const jobs = world
    .jobs()
    .filter((job) => world.remembered(job) && (all || !isGone(job)) && (!mine || job.user === world.user))
    .filter((job) => wanted === undefined || wanted.includes(String(job.id)));
  if (wanted?.length === 1 && jobs.length === 0) return failed(1, 'slurm_load_jobs error: Invalid job id specified');
  const cluster = option(args, 'clusters');
  return ok(
    (cluster === undefined ? '' : `CLUSTER: ${cluster}\n`) + lines(jobs.map((job) => squeueLine(option(args, 'format') ?? '%i %T', job))),
  );
};

const sacct: Tool = (world, { args }) => {
  if (world.tricks.has('accounting-disabled')) return failed(1, 'Slurm accounting storage is disabled');
  if (world.tricks.has('accounting-down')) {
    return failed(
      1,
      'sacct: error: slurm_persist_conn_open_without_init: failed to open persistent connection to host:db1:6819: Connection refused\nsacct: error: Sending PersistInit msg: Connection refused\nsacct: error: Problem talking to the database: Connection refused',
    );
  }
  const ids = option(args, 'jobs')?.split(',');
  const name = option(args, 'name');
  const format = option(args, 'format') ?? 'JobID,State';
  const now = world.clock.now();
  const jobs = world
    .jobs()
    .filter((job) => ids === undefined || ids.includes(String(job.id)))
    .filter((job) => name === undefined || job.name === name);
  return ok(
    lines(
      jobs.flatMap((job) => {
        const line = (step: boolean): string => sacctLine(format, job, { step, now, written: world.written(job) });
        return args.includes('--allocations') || job.startedAt === null ? [line(false)] : [line(false), line(true)];
      }),
    ),
  );
};

const scancel: Tool = (world, { args }) => {
  for (const id of args.filter((arg) => !arg.startsWith('-'))) {
    if (!/^\d+(_\d+)?$/.test(id)) return failed(1, `scancel: error: Invalid job id ${id}`);
    const job = world.jobs().find((one) => String(one.id) === id);
    // What is not there is not told.
    if (job === undefined) continue;
    if (job.user !== world.user) return failed(1, `scancel: error: Kill job error on job id ${id}: Access/permission denied`);
    world.end(job, { state: 'CANCELLED', by: 1000 });
  }
  return ok('');
};

const scontrol: Tool = (world, { args }) => {
  const [verb, what, ...rest] = args.filter((arg) => !arg.startsWith('--clusters'));
  if (verb === 'show' && what === 'config')
    return ok('Configuration data as of 2026-11-22T14:24:10\nClusterName             = alpha\nMinJobAge               = 300 sec\n');
  if (verb !== 'show' || what !== 'job') return failed(1, `invalid keyword: ${args.join(' ')}`);
  const id = rest.find((arg) => !arg.startsWith('-'));
  const found = world.jobs().filter((job) => world.remembered(job) && String(job.id) === id);
  return found.length === 0 ? failed(1, 'slurm_load_jobs error: Invalid job id specified') : ok(lines(found.map(scontrolLine)));
};

/** Only steps of jobs that there are: without a job id it would be a job of its own. */
const srun: Tool = (world, { args }) => {
  const id = option(args, 'jobid');
  const job = world.jobs().find((one) => String(one.id) === id);
  if (id === undefined) world.add({ name: 'srun' });
  if (job === undefined || isGone(job))
    return failed(1, `srun: error: Unable to confirm allocation for job ${id}: Invalid job id specified`);
  if (job.state !== 'RUNNING')
    return failed(1, `srun: error: Unable to create step for job ${id}: Job/step already completing or not begun`);
  return ok(`${args.slice(args.indexOf('--') + 1).join(' ')} on ${job.nodeList}\n`);
};

const sinfo: Tool = (world, { args }) => {
  const partitions = world.partitions.filter(({ hidden }) => hidden !== true || args.includes('--all'));
  return ok(lines(sinfoLines(option(args, 'format') ?? '%N %t', { ...world, partitions })));
};

/** What a job has written. */
function written(world: SlurmWorld, job: FakeSlurmJob): string {
  const prolog = world.tricks.has('prolog-output') ? 'Prolog: node is healthy\n' : '';
  return `${prolog}job ${job.id} runs on ${job.nodeList}\n`;
}

const tail: Tool = (world, { args }) => {
  const path = args.at(-1) ?? '';
  const job = world.jobs().find((one) => outputOf(one) === path && one.startedAt !== null);
  return job === undefined ? failed(1, `tail: cannot open '${path}' for reading: No such file or directory`) : ok(written(world, job));
};

/** What is in the PATH of the fake login host. */
export const TOOLS: Readonly<Record<string, Tool>> = {
  sbatch: (world, { args, stdin, folder }) => sbatch(world, args, { script: stdin, folder }),
  squeue,
  sacct,
  scancel,
  scontrol,
  sinfo,
  srun,
  tail,
  printenv: (world) => ok(`/home/${world.user}\n`),
  id: (world) => ok(`${world.user}\n`),
};
