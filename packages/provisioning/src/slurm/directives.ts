import { BenchError, EXIT } from '@bench/core';
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

const WORD = /^[A-Za-z0-9_][A-Za-z0-9_.@+,-]*$/;
const WHOLE = /^[1-9]\d{0,8}$/;
const GPU_COUNT = /^(?:[A-Za-z0-9_.-]+:)?\d{1,6}(?:,[A-Za-z0-9_.-]+:\d{1,6})*$/;
/** Nothing that ends a line, a word in quotes, or that Slurm's reader takes for a sign of its own. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const TEXT = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029"\\]{1,1000}$/;

/** In the order in which they are written. */
const RULES: Readonly<Record<Key, { pattern: RegExp; example: string }>> = {
  partition: { pattern: WORD, example: 'gpu' },
  account: { pattern: WORD, example: 'project1' },
  qos: { pattern: WORD, example: 'normal' },
  nodes: { pattern: WHOLE, example: '2' },
  ntasks_per_node: { pattern: WHOLE, example: '4' },
  gres: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.:,/=-]*$/, example: 'gpu:a100:2' },
  gpus_per_node: { pattern: GPU_COUNT, example: 'a100:2' },
  gpus: { pattern: GPU_COUNT, example: '8' },
  cpus_per_task: { pattern: WHOLE, example: '8' },
  mem: { pattern: /^\d{1,12}[KMGT]?$/i, example: '64G' },
  constraint: { pattern: /^[A-Za-z0-9_([][A-Za-z0-9_.:,&|!*()[\]+=-]*$/, example: 'nvlink&a100' },
  exclude: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.,[\]-]*$/, example: 'node[01-04]' },
  reservation: { pattern: WORD, example: 'maintenance' },
  comment: { pattern: TEXT, example: 'a benchmark' },
};

/** Options that bench itself sets, or that would make of a job something that it does not know. */
const OURS: ReadonlySet<string> = new Set([
  'job-name',
  'parsable',
  'export',
  'export-file',
  'requeue',
  'no-requeue',
  'output',
  'error',
  'input',
  'open-mode',
  'chdir',
  'wrap',
  'wait',
  'test-only',
  'array',
  'clusters',
  'uid',
  'gid',
  'get-user-env',
  'hold',
  'help',
  'usage',
  'version',
  'quiet',
  'verbose',
  'ignore-pbs',
  'hetjob',
]);
/** Options that have a name of their own. */
const NAMED: ReadonlySet<string> = new Set(['time', ...Object.keys(RULES).map((key) => key.replaceAll('_', '-'))]);

/** `--name` and its value of each; what is not asked for is not there. @throws BenchError `BENCH_SLURM_DIRECTIVE`, exit code 2, of all that cannot be */
export function slurmOptions(directives: SlurmDirectives): string[] {
  const problems: string[] = [];
  const options: string[] = [];
  for (const [key, { pattern, example }] of Object.entries(RULES)) {
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
    const problem = extraProblem(option);
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

function extraProblem(option: string): string | null {
  const [, name, value] = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(option) ?? [];
  if (name === undefined) return `${shown(option)} is no option: expected something like "--nice=100"`;
  if (NAMED.has(name)) return `--${name} has a key of its own: slurm.${name.replaceAll('-', '_')}`;
  // sbatch takes the beginning of an option for the whole.
  const ours = [...OURS].find((one) => one === name || (name.length > 1 && one.startsWith(name)));
  if (ours !== undefined) return `--${name} is set by bench, or would make of the job something that bench does not know`;
  if (value !== undefined && !TEXT.test(value)) return `the value of --${name} cannot be ${shown(value)}`;
  return null;
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
