import { BenchError, EXIT, SLURM_VALUES, slurmOptionProblem } from '@bench/core';
import { formatTimeLimit } from './time.ts';

/** What a job asks Slurm for; names of the recipe's `slurm` section, which are those of sbatch(1) with `_`. */
export interface SlurmDirectives {
  partition?: string | undefined;
  account?: string | undefined;
  qos?: string | undefined;
  /** Seconds. */
  time?: number | undefined;
  nodes?: number | undefined;
  ntasks_per_node?: number | undefined;
  gres?: string | undefined;
  /** `2`, `a100:2`. */
  gpus_per_node?: number | string | undefined;
  gpus?: number | string | undefined;
  cpus_per_task?: number | undefined;
  /** `16G`; a number is megabytes. */
  mem?: number | string | undefined;
  constraint?: string | undefined;
  exclude?: string | undefined;
  reservation?: string | undefined;
  comment?: string | undefined;
  /** Options of sbatch that have no name of their own here: `--nice=100`. */
  extra?: readonly string[] | undefined;
}

type Key = Exclude<keyof SlurmDirectives, 'time' | 'extra'>;

/** `--name` and its value of each; what is not asked for is not there. @throws BenchError `BENCH_SLURM_DIRECTIVE`, exit code 2, of all that cannot be */
export function slurmOptions(directives: SlurmDirectives): string[] {
  const problems: string[] = [];
  const options: string[] = [];
  for (const [key, { pattern, example }] of Object.entries(SLURM_VALUES)) {
    const value = directives[key as Key];
    if (value === undefined) continue;
    const text = String(value);
    if (pattern.test(text)) options.push(`--${key.replaceAll('_', '-')}=${text}`);
    else problems.push(`slurm.${key} cannot be ${shown(text)}: expected something like ${JSON.stringify(example)}`);
  }
  const { time } = directives;
  if (time !== undefined) {
    if (Number.isFinite(time) && time > 0) options.push(`--time=${formatTimeLimit(time)}`);
    else problems.push(`slurm.time cannot be ${time} s`);
  }
  for (const option of directives.extra ?? []) {
    const problem = slurmOptionProblem(option);
    if (problem === null) options.push(option);
    else problems.push(`slurm.extra: ${problem}`);
  }
  if (problems.length === 0) return options;
  throw new BenchError({
    code: 'BENCH_SLURM_DIRECTIVE',
    message: problems.join('\n'),
    hint: 'mend the slurm section of the recipe, or providers.slurm of the settings',
    exitCode: EXIT.usage,
    details: { problems },
  });
}

/**
 * The lines `#SBATCH …` that ask for this, for the head of a script; a value with anything but letters, digits and a few signs stands in quotes.
 * @throws BenchError `BENCH_SLURM_DIRECTIVE` for a value that could be taken for something else: a second option, a second line
 */
export function slurmDirectives(directives: SlurmDirectives): string[] {
  return slurmOptions(directives).map((option) => {
    const at = option.indexOf('=');
    const value = at === -1 ? '' : option.slice(at + 1);
    if (/^[\w.:,/@+=-]*$/.test(value)) return `#SBATCH ${option}`;
    return `#SBATCH ${option.slice(0, at)}="${value}"`;
  });
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
