import { BenchError, EXIT } from '@bench/core';
import type { SchedulerPlugin } from '../types.ts';
import { checkJobOptions, clockTime, type JobOptions } from './job-options.ts';
import { jobScript, type JobScript } from './job-script.ts';
import { pbsFlags } from './pbs-flags.ts';
import { slurmFlags } from './slurm-flags.ts';

/** What will be submitted. Pure data, for `--dry-run` too. */
export interface SubmitPlan {
  scheduler: string;
  argv: [string, ...string[]];
  /** The script that goes to stdin, or into the file `scriptPath`; null: it is a file of the user's. */
  script: string | null;
  /** Where the script must be written first; null: it goes to stdin, or is there. */
  scriptPath: string | null;
  notes: string[];
}

export interface SubmitRequest {
  scheduler: string;
  options: JobOptions;
  /** A script of the user's, absolute. What is asked for is then given as flags, which win over directives in it. */
  existing?: string | undefined;
  /** What else the script is made of, without `existing`. */
  job?: Omit<JobScript, 'options'> | undefined;
  /** For the account when none is asked for. */
  env: Readonly<Record<string, string | undefined>>;
  plugins?: readonly SchedulerPlugin[] | undefined;
  /** Where a plugin's script is written, absolute. */
  folder: string;
}

/** Variables that name an account, in order. */
const ACCOUNTS: Record<string, readonly string[]> = {
  pbs: ['PBS_ACCOUNT', 'PROJECT'],
  slurm: ['SLURM_ACCOUNT', 'SBATCH_ACCOUNT', 'PROJECT'],
};

/** What is to be submitted, and how. @throws BenchError `BENCH_NO_SCHEDULER`, `BENCH_JOB_OPTION` */
export function planSubmit(request: SubmitRequest): SubmitPlan {
  const { scheduler, existing, job, plugins = [] } = request;
  checkJobOptions(request.options);
  const plugin = plugins.find(({ name }) => name === scheduler);
  const plan: SubmitPlan = { scheduler, argv: ['sbatch'], script: null, scriptPath: null, notes: [] };
  if (plugin) return pluginPlan(plugin, request);
  if (scheduler !== 'slurm' && scheduler !== 'pbs') throw noScheduler(scheduler);
  const program: [string, ...string[]] = scheduler === 'slurm' ? ['sbatch', '--parsable'] : ['qsub'];
  if (existing !== undefined) {
    const flags = scheduler === 'slurm' ? slurmFlags(request.options) : pbsFlags(request.options).flat();
    return { ...plan, argv: [...program, ...flags, existing] };
  }
  if (job === undefined) throw new TypeError('a job needs a command or a script');
  const { account, note } = accountOf(request);
  return { ...plan, argv: program, script: jobScript(scheduler, { ...job, options: { ...request.options, account } }), notes: note };
}

function accountOf({ options, env, scheduler }: SubmitRequest): { account: string | undefined; note: string[] } {
  if (options.account !== undefined) return { account: options.account, note: [] };
  const name = (ACCOUNTS[scheduler] ?? ['PROJECT']).find((one) => (env[one] ?? '') !== '');
  return name === undefined ? { account: undefined, note: [] } : { account: env[name], note: [`account ${env[name] ?? ''}, from ${name}`] };
}

function pluginPlan(plugin: SchedulerPlugin, request: SubmitRequest): SubmitPlan {
  const { options, existing, job, folder } = request;
  if (plugin.submitArgv === undefined || (existing === undefined && plugin.submitScript === undefined)) throw noScheduler(plugin.name);
  const plan = { scheduler: plugin.name, notes: [] };
  if (existing !== undefined) {
    const asked = Object.entries(options).find(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0));
    if (asked !== undefined)
      throw new BenchError({
        code: 'BENCH_JOB_OPTION',
        message: `${plugin.name} cannot be asked for ${asked[0]} beside a script`,
        hint: 'write it into the script',
        exitCode: EXIT.usage,
      });
    return { ...plan, argv: plugin.submitArgv(existing), script: null, scriptPath: null };
  }
  if (job === undefined || plugin.submitScript === undefined) throw new TypeError('a job needs a command or a script');
  const { account } = accountOf(request);
  const script = plugin.submitScript({
    command: [...job.launch, ...job.command],
    nodes: options.nodes ?? 1,
    time: clockTime(options.time ?? '1h'),
    queue: options.queue ?? null,
    account: account ?? null,
    jobName: options.jobName ?? null,
    cwd: job.cwd,
  });
  const scriptPath = `${folder}/job.sh`;
  return { ...plan, argv: plugin.submitArgv(scriptPath), script, scriptPath };
}

function noScheduler(name: string): BenchError {
  return new BenchError({
    code: 'BENCH_NO_SCHEDULER',
    message: name === 'none' ? 'there is no scheduler here to submit a job to' : `${name} takes no jobs from bench submit`,
    hint: 'run this where sbatch or qsub is, or say which with --scheduler',
    exitCode: EXIT.missingPart,
  });
}
