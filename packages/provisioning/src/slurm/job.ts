import { isOver, machineState, parseState, type JobState } from './state.ts';

/** A job as Slurm sees it now, or saw it end. Times are ISO 8601. */
export interface SlurmJob extends JobState {
  /** `123`; with `_` and a number, one task of an array. */
  id: string;
  name: string;
  /** Whether it is over and its nodes are free. */
  over: boolean;
  /** Why it waits or ended, in Slurm's words (`Resources`, `Priority`, `NonZeroExitCode`); null: none. Of one that is over, never why it waited. */
  reason: string | null;
  partition: string | null;
  /** `gpu[01-04]`; null: none yet. */
  nodeList: string | null;
  submittedAt: string | null;
  /** When it started; of one that waits, when Slurm expects it to. Null: not known. */
  startsAt: string | null;
  /** When it ended; of one that runs, when its time is over. */
  endsAt: string | null;
  /** Null: it goes on, or nobody kept it. */
  exitCode: number | null;
  /** The signal that ended it; null: none, or not known. */
  signal: number | null;
  /** Path of its output, where that was told. */
  stdoutPath: string | null;
  /** Which tool told. */
  source: 'squeue' | 'sacct' | 'scontrol';
}

/** The parts of a job that a line tells, as text. */
export interface JobText {
  id: string;
  name?: string | undefined;
  state: string;
  reason?: string | undefined;
  partition?: string | undefined;
  nodeList?: string | undefined;
  submit?: string | undefined;
  start?: string | undefined;
  end?: string | undefined;
  /** `code:signal`. */
  exit?: string | undefined;
  stdout?: string | undefined;
}

/** Null for what Slurm prints in place of nothing. */
export function nothing(text: string | undefined): string | null {
  const word = (text ?? '').trim();
  return word === '' || ['(null)', 'none', 'n/a', 'unknown', 'none assigned'].includes(word.toLowerCase()) ? null : word;
}

/**
 * Reasons of an end, of job_reason_string (slurm_protocol_defs.c) those of `FAIL_*`, and what ends a job that waits. Every other word says why a job
 * waited, and stays in accounting when it has run and ended long ago.
 */
const OF_AN_END =
  /^(PartitionDown|NodeDown|BadConstraints|SystemFailure|JobLaunchFailure|NonZeroExitCode|RaisedSignal\b.*|TimeLimit|InactiveLimit|InvalidAccount|InvalidQOS|BurstBufferOperation|OutOfMemory|DeadLine|DependencyNeverSatisfied)$/i;

function reasonOf(text: string | undefined, over: boolean): string | null {
  const reason = nothing(text?.replace(/^\((.*)\)$/, '$1'));
  return reason === null || (over && !OF_AN_END.test(reason)) ? null : reason;
}

/** `3:0`: exit code and signal. */
export function parseExit(text: string | undefined): { exitCode: number; signal: number | null } | null {
  const [, code, signal] = /^(\d+):(\d+)$/.exec((text ?? '').trim()) ?? [];
  return code === undefined ? null : { exitCode: Number(code), signal: Number(signal) || null };
}

/** A job of the text of its parts. @param time reads a time */
export function jobOf(text: JobText, o: { source: SlurmJob['source']; time: (text: string) => string | null }): SlurmJob {
  const state = parseState(text.state);
  const over = isOver(state);
  const exit = over ? parseExit(text.exit) : null;
  return {
    id: text.id,
    name: text.name ?? '',
    ...state,
    over,
    reason: reasonOf(text.reason, over),
    partition: nothing(text.partition),
    nodeList: nothing(text.nodeList),
    submittedAt: o.time(text.submit ?? ''),
    startsAt: o.time(text.start ?? ''),
    endsAt: o.time(text.end ?? ''),
    exitCode: exit?.exitCode ?? null,
    signal: exit?.signal ?? null,
    stdoutPath: nothing(text.stdout),
    source: o.source,
  };
}

/** What an array comes to: it waits, starts or runs while one task does; when all are over, it failed where one failed. */
const ORDER = ['running', 'provisioning', 'stopping', 'pending', 'unknown', 'failed', 'terminated'] as const;

/**
 * The job of an id among lines of jobs: the line of that id, or, of an array (`12` of `12_3`, `12_[4-9]`), what its tasks come to. Undefined: there is
 * none.
 */
export function pickJob(jobs: readonly SlurmJob[], id: string): SlurmJob | undefined {
  const mine = jobs.filter((job) => job.id === id || baseOf(job.id) === id || holds(job.id, id));
  const tasks = mine.some((job) => job.id.startsWith(`${id}_`)) ? mine : mine.slice(-1);
  const rank = (job: SlurmJob): number => ORDER.indexOf(machineState(job) as (typeof ORDER)[number]);
  // Of those that ended well, the one that did not: COMPLETED says least.
  const [first] = tasks.toSorted((a, b) => rank(a) - rank(b) || Number(a.state === 'COMPLETED') - Number(b.state === 'COMPLETED'));
  return first === undefined ? undefined : { ...first, id };
}

/** `12` of `12`, `12_3`, `12_[1-4]`, `12+1`. */
export function baseOf(id: string): string {
  return /^\d+/.exec(id)?.[0] ?? id;
}

/** Whether `12_[1-4,7%2]` stands for the task `12_3`. */
function holds(line: string, id: string): boolean {
  const [, base, list] = /^(\d+)_\[([\d,:-]+)(?:%\d+)?(?:,?\.\.\.)?\]$/.exec(line) ?? [];
  const [, wanted, task] = /^(\d+)_(\d+)$/.exec(id) ?? [];
  if (base === undefined || list === undefined || base !== wanted) return false;
  return list.split(',').some((part) => {
    const [, from, to = from, step = '1'] = /^(\d+)(?:-(\d+))?(?::(\d+))?$/.exec(part) ?? [];
    const n = Number(task);
    return from !== undefined && n >= Number(from) && n <= Number(to) && (n - Number(from)) % Number(step) === 0;
  });
}
