import { BenchError, EXIT, type Host, writeAtomic } from '@bench/core';
import { describeCommand } from '@bench/host';
import { parseJobId } from './job-id.ts';
import type { SubmitPlan } from './submit-plan.ts';

export interface SubmittedJob {
  scheduler: string;
  /** As the scheduler's commands take it: `1234`, `1234.server`. */
  jobId: string;
  /** Slurm: the cluster, where there are several. */
  cluster: string | null;
  /** What shows it and what ends it. */
  show: string[];
  cancel: string[];
}

const TIMEOUT_MS = 120_000;

/**
 * Submits a job.
 * @throws BenchError `BENCH_NO_SCHEDULER` (3) when its program is not there, `BENCH_SUBMIT_FAILED` (4) when it refuses, with what it said; `BENCH_SUBMIT_UNKNOWN` when
 *   it gave no job id, so that nobody knows whether there is a job
 */
export async function submit(plan: SubmitPlan, { host, signal }: { host: Host; signal: AbortSignal }): Promise<SubmittedJob> {
  const { argv, script, scriptPath, scheduler } = plan;
  if (script !== null && scriptPath !== null) await writeAtomic(scriptPath, script, 0o700);
  const stdin = script !== null && scriptPath === null ? { stdin: script } : {};
  const result = await host.exec({ argv, ...stdin }, { signal, timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
    if (!BenchError.is(error) || error.code !== 'BENCH_COMMAND_NOT_FOUND') throw error;
    throw new BenchError({
      code: 'BENCH_NO_SCHEDULER',
      message: `${argv[0]} is not here`,
      hint: 'run this on a login host of the cluster',
      exitCode: EXIT.missingPart,
      cause: error,
    });
  });
  const said = `${result.stderr}\n${result.stdout}`.trim();
  const words = said === '' ? `exit code ${result.code ?? result.signal ?? 'unknown'}` : said.split('\n').slice(-5).join('\n');
  if (result.timedOut || (result.code === 0 && parseJobId(scheduler, result.stdout) === null))
    throw new BenchError({
      code: 'BENCH_SUBMIT_UNKNOWN',
      message: `${describeCommand({ argv })} ${result.timedOut ? 'did not answer in time' : 'gave no job id'}: ${words}`,
      hint: 'look at the queue before you try again: there may be a job',
      exitCode: EXIT.provider,
    });
  if (result.code !== 0)
    throw new BenchError({
      code: 'BENCH_SUBMIT_FAILED',
      message: `${argv[0]} refused the job: ${words}`,
      hint: hintFor(said),
      retryable: TRANSIENT.test(said),
      exitCode: EXIT.provider,
    });
  const { jobId, cluster } = parseJobId(scheduler, result.stdout) as NonNullable<ReturnType<typeof parseJobId>>;
  const at = cluster === null ? [] : ['-M', cluster];
  return {
    scheduler,
    jobId,
    cluster,
    show: scheduler === 'slurm' ? ['squeue', ...at, '-j', jobId] : scheduler === 'pbs' ? ['qstat', jobId] : [],
    cancel: scheduler === 'slurm' ? ['scancel', ...at, jobId] : scheduler === 'pbs' ? ['qdel', jobId] : [],
  };
}

const TRANSIENT =
  /unable to contact slurm controller|socket timed out|connection refused|cannot connect to (?:specified )?server|temporarily/i;

const HINTS: [RegExp, string][] = [
  [/configuration source|fetch_config/i, 'this machine knows no Slurm cluster: log in to one of its hosts, or set SLURM_CONF'],
  [TRANSIENT, 'the scheduler does not answer now; try again in a while, after a look at the queue'],
  [/invalid partition|unknown queue|queue is not enabled|not allowed in queue/i, 'say another with --queue; sinfo or qstat -Q list them'],
  [/invalid account|account|allocation|project/i, 'say another with --account'],
  [/qos/i, 'say another with --qos, or ask for less'],
  [/filesystems/i, 'say which file systems the job uses: --filesystems home:eagle'],
  [/time limit|walltime/i, 'ask for less time with --time'],
  [/node configuration|not available|resources|chunk/i, 'ask for fewer nodes or GPUs'],
];

function hintFor(said: string): string {
  return HINTS.find(([pattern]) => pattern.test(said))?.[1] ?? 'bench submit --dry-run shows the job script';
}
