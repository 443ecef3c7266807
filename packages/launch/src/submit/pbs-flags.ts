import { BenchError, EXIT } from '@bench/core';
import { clockTime, type JobOptions } from './job-options.ts';

/** What is asked for as flags of PBS's `qsub`, each with its value, which are its directives too. Only what was said. @throws BenchError `BENCH_JOB_OPTION` */
export function pbsFlags(options: JobOptions): string[][] {
  if (options.qos !== undefined) throw slurmOnly('qos');
  if (options.gpuType !== undefined) throw slurmOnly('GPU type');
  const values: [string, string | undefined][] = [
    ['-N', options.jobName],
    ['-A', options.account],
    ['-q', options.queue],
    ['-l', select(options)],
    ['-l', options.time === undefined ? undefined : `walltime=${clockTime(options.time)}`],
    ['-l', options.filesystems === undefined ? undefined : `filesystems=${options.filesystems.replaceAll(',', ':')}`],
    // Errors go where the output goes, and both are written while the job runs.
    ['-o', options.output],
    ['-e', options.error],
    ['-j', options.output !== undefined && options.error === undefined ? 'oe' : undefined],
    ['-W', options.after === undefined ? undefined : `depend=afterok:${options.after}`],
  ];
  return [
    ...values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ...(options.directives ?? []).map((directive) => directive.split(/ (.*)/s).slice(0, 2)),
  ];
}

/** `-l select=2:ncpus=8:mpiprocs=4:ngpus=4:mem=64gb`; nothing when nothing of it was said. */
function select(options: JobOptions): string | undefined {
  const { nodes, gpusPerNode, ranksPerNode, cpusPerRank, memory } = options;
  const parts: [string, string | number | undefined][] = [
    ['ncpus', cpusPerRank === undefined ? undefined : cpusPerRank * (ranksPerNode ?? 1)],
    ['mpiprocs', ranksPerNode],
    ['ngpus', gpusPerNode],
    ['mem', memory === undefined ? undefined : memory.toLowerCase().replace(/([kmgt])$/, '$1b')],
  ];
  const said = parts.filter(([, value]) => value !== undefined);
  if (nodes === undefined && said.length === 0) return undefined;
  return [`select=${nodes ?? 1}`, ...said.map(([name, value]) => `${name}=${value ?? ''}`)].join(':');
}

function slurmOnly(what: string): BenchError {
  return new BenchError({
    code: 'BENCH_JOB_OPTION',
    message: `PBS knows no ${what} of a job`,
    hint: `leave the ${what} out`,
    exitCode: EXIT.usage,
  });
}
