const WORD = /^[A-Za-z0-9_][A-Za-z0-9_.@+,-]*$/;
const WHOLE = /^[1-9]\d{0,8}$/;
const GPU_COUNT = /^(?:[A-Za-z0-9_.-]+:)?\d{1,6}(?:,[A-Za-z0-9_.-]+:\d{1,6})*$/;
/** Nothing that ends a line, a word in quotes, or that Slurm's reader takes for a sign of its own. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const TEXT = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029"\\]{1,1000}$/;

/**
 * What a value of a Slurm option may be, by the recipe's key for it: sbatch's own name with `_`. In the order in which options are written. Nothing
 * that fits can be taken for a second option or a second line.
 */
export const SLURM_VALUES = {
  partition: { pattern: WORD, example: 'gpu' },
  account: { pattern: WORD, example: 'project1' },
  qos: { pattern: WORD, example: 'normal' },
  nodes: { pattern: WHOLE, example: '2' },
  ntasks_per_node: { pattern: WHOLE, example: '4' },
  gres: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.:,/=-]*$/, example: 'gpu:a100:2' },
  gpus_per_node: { pattern: GPU_COUNT, example: 'a100:2' },
  gpus: { pattern: GPU_COUNT, example: '8' },
  cpus_per_task: { pattern: WHOLE, example: '8' },
  mem: { pattern: /^\d{1,12}[KMGTkmgt]?$/, example: '64G' },
  constraint: { pattern: /^[A-Za-z0-9_([][A-Za-z0-9_.:,&|!*()[\]+=-]*$/, example: 'nvlink&a100' },
  exclude: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_.,[\]-]*$/, example: 'node[01-04]' },
  reservation: { pattern: WORD, example: 'maintenance' },
  comment: { pattern: TEXT, example: 'a benchmark' },
} as const satisfies Readonly<Record<string, { pattern: RegExp; example: string }>>;

/** Options that bench itself sets, or that would make of a job something that it does not know. */
const OURS: readonly string[] = [
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
];
/** Options that have a key of their own. */
const NAMED: readonly string[] = ['time', ...Object.keys(SLURM_VALUES).map((key) => key.replaceAll('_', '-'))];

/** Options of sbatch that are the beginning of one with a key, and whole themselves: they mean what they say. */
const WHOLE_OPTIONS: readonly string[] = ['ntasks'];

/**
 * Why an option of sbatch, `--nice=100`, cannot be given to it beside what bench gives; null: it can. `set`: names of further options that the
 * caller gives.
 */
export function slurmOptionProblem(option: string, set: readonly string[] = []): string | null {
  const [, name, value] = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(option) ?? [];
  if (name === undefined) return `${shown(option)} is no option: expected something like "--nice=100"`;
  // sbatch takes the beginning of an option for the whole.
  const among = (options: readonly string[]) =>
    options.find((one) => one === name) ?? options.find((one) => name.length > 1 && !WHOLE_OPTIONS.includes(name) && one.startsWith(name));
  const named = among(NAMED);
  if (named !== undefined) return `--${name} has a key of its own: slurm.${named.replaceAll('-', '_')}`;
  if (among([...OURS, ...set]) !== undefined)
    return `--${name} is set by bench, or would make of the job something that bench does not know`;
  if (value !== undefined && !TEXT.test(value)) return `the value of --${name} cannot be ${shown(value)}`;
  return null;
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
