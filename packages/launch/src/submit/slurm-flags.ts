import { BenchError, EXIT } from '@bench/core';
import { clockTime, type JobOptions } from './job-options.ts';

/** What is asked for as flags of `sbatch`, which are its directives too. Only what was said. @throws BenchError `BENCH_JOB_OPTION` */
export function slurmFlags(options: JobOptions): string[] {
  const { gpusPerNode, gpuType } = options;
  if (options.filesystems !== undefined)
    throw new BenchError({
      code: 'BENCH_JOB_OPTION',
      message: 'Slurm knows no file systems of a job',
      hint: 'leave --filesystems out',
      exitCode: EXIT.usage,
    });
  const gpus = gpusPerNode === undefined ? undefined : gpuType === undefined ? String(gpusPerNode) : `${gpuType}:${gpusPerNode}`;
  const values: [string, string | number | undefined][] = [
    ['--job-name', options.jobName],
    ['--account', options.account],
    ['--partition', options.queue],
    ['--qos', options.qos],
    ['--nodes', options.nodes],
    ['--time', options.time === undefined ? undefined : clockTime(options.time)],
    ['--ntasks-per-node', options.ranksPerNode],
    ['--cpus-per-task', options.cpusPerRank],
    ['--gpus-per-node', gpus],
    ['--mem', options.memory],
    ['--output', options.output],
    ['--error', options.error],
    ['--dependency', options.after === undefined ? undefined : `afterok:${options.after}`],
  ];
  return [...values.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])), ...(options.directives ?? [])];
}
