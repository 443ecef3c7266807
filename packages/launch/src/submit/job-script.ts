import { BenchError, EXIT } from '@bench/core';
import { quote } from '@bench/host';
import { checkJobOptions, type JobOptions } from './job-options.ts';
import { pbsFlags } from './pbs-flags.ts';
import { slurmFlags } from './slurm-flags.ts';

export interface JobScript {
  options: JobOptions;
  /** What the job runs. */
  command: readonly string[];
  /** Put before the command: how bench starts it on all ranks. Empty: the command runs on the first node alone. */
  launch: readonly string[];
  /** Working folder, absolute. */
  cwd: string;
  /** Set in the job. They stand in the script, which the scheduler keeps: no secrets. */
  env?: Readonly<Record<string, string>>;
  /** Script that sets the environment up, read by the job's shell before the command: an absolute path. */
  setup?: string | undefined;
}

const DEFAULT_TIME = '01:00:00';

/** The text of a job script: deterministic, and safe with any value. @throws BenchError `BENCH_JOB_OPTION`, `BENCH_UNSAFE_VALUE` */
export function jobScript(scheduler: 'slurm' | 'pbs', job: JobScript): string {
  const { command, launch, cwd, env = {}, setup } = job;
  checkJobOptions(job.options);
  const options = { nodes: 1, time: DEFAULT_TIME, jobName: 'bench', ...defined(job.options) };
  const directives =
    scheduler === 'slurm'
      ? slurmFlags(options).map((flag) => `#SBATCH ${flag}`)
      : [...pbsFlags(options), ...(options.output === undefined ? [['-j', 'oe']] : []), ['-k', 'doe']].map(
          (words) => `#PBS ${words.join(' ')}`,
        );
  return [
    // A login shell: module and the site's paths are set by profiles.
    '#!/bin/bash -l',
    ...directives,
    '',
    `cd ${quote(cwd)} || exit 1`,
    ...Object.entries(env).map(([name, value]) => `export ${variable(name)}=${quote(value)}`),
    // Such scripts look at unset variables and at commands that fail.
    ...(setup === undefined ? [] : [`. ${quote(setup)} || { echo ${quote(`bench submit: ${setup} failed`)} >&2; exit 1; }`]),
    'set -eo pipefail',
    `exec ${[...launch, ...command].map(quote).join(' ')}`,
    '',
  ].join('\n');
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function variable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new BenchError({ code: 'BENCH_JOB_OPTION', message: `"${name}" cannot be the name of a variable`, exitCode: EXIT.usage });
}
