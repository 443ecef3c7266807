import { jobOf, parseExit, type SlurmJob } from './job.ts';
import { parseMemory } from './size.ts';
import { parseTime } from './time.ts';

/** The name is last: it may hold the separator. */
const FIELDS = [
  'JobID',
  'State',
  'ExitCode',
  'ElapsedRaw',
  'MaxRSS',
  'AllocTRES',
  'NodeList',
  'Partition',
  'Submit',
  'Start',
  'End',
  'Reason',
  'JobName',
];
const FORMAT = `--format=${FIELDS.join(',')}`;
const PLAIN = ['--noheader', '--parsable2', FORMAT];

/** Looks that far back for a job whose name alone is known. */
const BACK = 'now-3days';

/** The jobs of these ids, whole. */
export const sacctJobs = (ids: readonly string[]): string[] => [...PLAIN, '--allocations', `--jobs=${ids.join(',')}`];
/** A job with its steps: only they have memory. */
export const sacctSteps = (id: string): string[] => [...PLAIN, `--jobs=${id}`];
/** Jobs by their name. */
export const sacctName = (name: string): string[] => [...PLAIN, '--allocations', `--name=${name}`, `--starttime=${BACK}`];

/** What a line of accounting says. */
export interface AccountedRow {
  /** `12`, `12_3`, `12.batch`, `12.0`. */
  id: string;
  job: SlurmJob;
  elapsedS: number | null;
  maxRssBytes: number | null;
  exitCode: number | null;
  signal: number | null;
  allocTres: Readonly<Record<string, string>>;
}

export function parseAccounting(text: string): AccountedRow[] {
  return text.split('\n').flatMap((line) => {
    const parts = line.split('|');
    if (parts.length < FIELDS.length || !/^\d/.test(parts[0] ?? '')) return [];
    const [id = '', state = '', exit = '', elapsed = '', rss = '', tres = '', nodeList, partition, submit, start, end, reason] = parts;
    const name = parts.slice(FIELDS.length - 1).join('|');
    const job = jobOf({ id, state, name, nodeList, reason, partition, submit, start, end, exit }, { source: 'sacct', time: parseTime });
    const ended = parseExit(exit);
    return [
      {
        id,
        job,
        elapsedS: /^\d+$/.test(elapsed) ? Number(elapsed) : null,
        maxRssBytes: parseMemory(rss),
        exitCode: ended?.exitCode ?? null,
        signal: ended?.signal ?? null,
        allocTres: parseTres(tres),
      },
    ];
  });
}

/** `billing=4,cpu=4,gres/gpu=2,mem=8G,node=1`: trackable resources by name, as Slurm counts them. */
export function parseTres(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').flatMap((part): [string, string][] => {
      const at = part.indexOf('=');
      return at > 0 ? [[part.slice(0, at), part.slice(at + 1)]] : [];
    }),
  );
}

/** Slurm keeps no accounts here, and never will tell. */
export const isAccountingOff = (text: string): boolean => /accounting storage is disabled/i.test(text);

/** What a job used, by accounting. */
export interface SlurmUsage {
  /** Seconds on the nodes. */
  elapsedS: number | null;
  /** The most memory that a task of any of its steps had, bytes; null: none of them told. */
  maxRssBytes: number | null;
  exitCode: number | null;
  /** The signal that ended it. */
  signal: number | null;
  /** What it had: `{cpu: "4", "gres/gpu": "2", mem: "8G", node: "1"}`. */
  allocTres: Readonly<Record<string, string>>;
  /** `gpu[01-02]`. */
  nodes: string | null;
  state: string;
}

/** What the lines of a job and its steps come to; null: the job is not among them. */
export function usageOf(rows: readonly AccountedRow[], id: string): SlurmUsage | null {
  const whole = rows.find((row) => row.id === id) ?? rows.find((row) => row.id.startsWith(`${id}_`) && !row.id.includes('.'));
  if (whole === undefined) return null;
  const rss = rows.flatMap((row) => row.maxRssBytes ?? []);
  return {
    elapsedS: whole.elapsedS,
    maxRssBytes: rss.length === 0 ? null : Math.max(...rss),
    exitCode: whole.job.over ? whole.exitCode : null,
    signal: whole.job.over ? whole.signal : null,
    allocTres: whole.allocTres,
    nodes: whole.job.nodeList,
    state: whole.job.state,
  };
}
