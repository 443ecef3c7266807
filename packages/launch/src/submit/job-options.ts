import { BenchError, EXIT, parseDuration } from '@bench/core';

/** What a job is asked for. */
export interface JobOptions {
  /** Default 1. */
  nodes?: number | undefined;
  /** Wall time: `30m`, `2h`, `01:30:00`. Default one hour. */
  time?: string | undefined;
  /** Slurm's partition, PBS's queue. Default: the site's. */
  queue?: string | undefined;
  account?: string | undefined;
  /** Slurm only. */
  qos?: string | undefined;
  jobName?: string | undefined;
  /** File of the job's output, errors too unless `error` is given. Default: the site's. */
  output?: string | undefined;
  error?: string | undefined;
  gpusPerNode?: number | undefined;
  /** Slurm only: `a100`. */
  gpuType?: string | undefined;
  /** Ranks that each node is laid out for. */
  ranksPerNode?: number | undefined;
  cpusPerRank?: number | undefined;
  /** Of each node: `64G`. */
  memory?: string | undefined;
  /** PBS only: file systems that the job uses, `home:eagle`. */
  filesystems?: string | undefined;
  /** Run after this job has ended well. */
  after?: string | undefined;
  /** More of the scheduler's own flags, each as one word beginning with `-`: `--constraint=a100`, `-lplace=scatter`. */
  directives?: readonly string[] | undefined;
}

/** What a value may be made of: it becomes a part of a directive, where spaces, quotes, commas and line ends mean something. */
const VALUES = {
  queue: /^[A-Za-z0-9_.@+-]+(,[A-Za-z0-9_.@+-]+)*$/,
  account: /^[A-Za-z0-9_.@:+-]+$/,
  qos: /^[A-Za-z0-9_.+-]+$/,
  jobName: /^[A-Za-z][A-Za-z0-9_.+-]{0,199}$/,
  output: /^[A-Za-z0-9_./%@+=^[\]-]+$/,
  error: /^[A-Za-z0-9_./%@+=^[\]-]+$/,
  gpuType: /^[A-Za-z0-9_.-]+$/,
  memory: /^[1-9]\d*(?:[kKmMgGtT][bB]?)?$/,
  filesystems: /^[A-Za-z0-9_]+([:,][A-Za-z0-9_]+)*$/,
  after: /^[A-Za-z0-9_.[\]-]+$/,
} as const satisfies Partial<Record<keyof JobOptions, RegExp>>;

const COUNTS = ['nodes', 'gpusPerNode', 'ranksPerNode', 'cpusPerRank'] as const;

/** @throws BenchError `BENCH_JOB_OPTION` for a value that would be something else than a value in a job script */
export function checkJobOptions(options: JobOptions): void {
  for (const [name, pattern] of Object.entries(VALUES)) {
    const value = options[name as keyof typeof VALUES];
    if (value !== undefined && (!pattern.test(value) || value.startsWith('-'))) throw invalid(name, value);
  }
  for (const name of COUNTS) {
    const value = options[name];
    if (value !== undefined && (!Number.isSafeInteger(value) || value < (name === 'gpusPerNode' ? 0 : 1)))
      throw invalid(name, String(value));
  }
  for (const directive of options.directives ?? [])
    // A line end would begin a line of one's own, and a # a comment.
    if (!/^-{1,2}[A-Za-z][^\s#]*(?: [^\n\r#]*)?$/.test(directive)) throw invalid('directive', directive);
  if (options.time !== undefined) clockTime(options.time);
}

/** `HH:MM:SS`, as both schedulers read it. @throws BenchError `BENCH_JOB_OPTION` */
export function clockTime(text: string): string {
  const seconds = Math.ceil(durationMs(text) / 1000);
  if (seconds < 1) throw invalid('time', text);
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

function durationMs(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw invalid('time', text);
  }
}

const apart = (name: string, by: string) => name.replace(/[A-Z]/g, (letter) => `${by}${letter.toLowerCase()}`);

const HINTS: Readonly<Record<string, string>> = {
  directive: 'a directive is one flag of sbatch or qsub on one line: --constraint=a100',
  time: 'write "90s", "30m", "1h30m" or "01:30:00"',
  memory: 'a whole number with K, M, G or T: 64G',
  jobName: 'it begins with a letter, and has letters, digits and . _ + - in it',
  after: 'the id of a job, as bench submit prints it',
};

function invalid(name: string, value: string): BenchError {
  const hint = HINTS[name];
  return new BenchError({
    code: 'BENCH_JOB_OPTION',
    message: `--${apart(name, '-')}: ${JSON.stringify(value.slice(0, 100))} cannot be the ${apart(name, ' ')} of a job`,
    ...(hint === undefined ? {} : { hint }),
    exitCode: EXIT.usage,
  });
}
