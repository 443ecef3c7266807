import type { Io } from '@bench/core';
import { explain } from './explain.ts';
import { pickJob, type SlurmJob } from './job.ts';
import type { Poll } from './poll.ts';
import { isAccountingOff, parseAccounting, sacctJobs, sacctName, sacctSteps, type SlurmUsage, usageOf } from './sacct.ts';
import { isUnknownJob, parseShownJobs, scontrolJob } from './scontrol.ts';
import type { SlurmTools, ToolAnswer } from './tools.ts';

/** The controller forgets a job at once when `MinJobAge` is short; accounting may write it down later. */
const ACCOUNTING_LAG_MS = 60_000;

export interface LookOptions {
  /** The queue must have been looked at later than this (`io.monotonic`). */
  since: number;
  op: string;
  signal?: AbortSignal | undefined;
}

/** Looks for jobs where they may be known: the queue, then accounting, then the controller itself. */
export interface JobLook {
  /** By id. Null: nobody knows it (any more). One that is not in the answer could not be looked at, or is being written down. */
  jobs(ids: readonly string[], o: LookOptions): Promise<Map<string, SlurmJob | null>>;
  /** Everything in the queue. */
  queue(o: LookOptions): Promise<readonly SlurmJob[]>;
  /** The newest job of a name. */
  named(name: string, o: LookOptions): Promise<SlurmJob | null>;
  usage(id: string, o: Omit<LookOptions, 'since'>): Promise<SlurmUsage | null>;
  /** What the controller says of one job; null: it does not know it. */
  shown(id: string, o: Omit<LookOptions, 'since'>): Promise<SlurmJob | null>;
  /** Whether the cluster keeps accounts; null: its database does not answer. */
  accounting(o: Omit<LookOptions, 'since'>): Promise<boolean | null>;
}

export function jobLook({
  io,
  tools,
  poll,
  common,
}: {
  io: Pick<Io, 'monotonic' | 'logger'>;
  tools: SlurmTools;
  poll: Poll<readonly SlurmJob[]>;
  common: readonly string[];
}): JobLook {
  /** Jobs that are over never change. */
  const ended = new Map<string, SlurmJob | null>();
  /** What was last seen of jobs that went on. */
  const alive = new Map<string, SlurmJob>();
  /** Tasks of arrays that were seen in the queue. */
  const tasks = new Map<string, Set<string>>();
  /** When jobs that had been seen alive were first seen nowhere. */
  const missing = new Map<string, number>();
  let accountingOff = false;

  /** Null: there is none, or it does not answer now. */
  const sacct = async (args: readonly string[], o: Omit<LookOptions, 'since'>): Promise<ToolAnswer | null> => {
    if (accountingOff) return null;
    const answer = await tools.run({ ...o, tool: 'sacct', args: [...common, ...args] });
    if (answer.code === 0) return answer;
    const text = `${answer.stderr}\n${answer.stdout}`;
    if (isAccountingOff(text)) accountingOff = true;
    else io.logger.log('debug', `slurm: accounting does not answer: ${text.trim().slice(0, 300)}`);
    return null;
  };
  const shown: JobLook['shown'] = async (id, o) => {
    const answer = await tools.run({ ...o, tool: 'scontrol', args: [...common, ...scontrolJob(id)] });
    if (answer.code === 0) return pickJob(parseShownJobs(answer.stdout), id) ?? null;
    const text = `${answer.stderr}\n${answer.stdout}`;
    if (isUnknownJob(text)) return null;
    throw explain({ op: o.op, tool: 'scontrol', login: tools.login, text, code: answer.code });
  };
  /** `whole`: it will not change. Tasks of an array are written down one by one, and the one that failed may be the last. */
  const accounted = async (ids: readonly string[], o: LookOptions): Promise<Map<string, { job: SlurmJob; whole: boolean }>> => {
    const found = new Map<string, { job: SlurmJob; whole: boolean }>();
    const answer = ids.length === 0 ? null : await sacct(sacctJobs(ids), o);
    const rows = answer === null ? [] : parseAccounting(answer.stdout).map(({ job }) => job);
    const written = new Set(rows.filter((job) => job.over && isWritten(job)).map((job) => job.id));
    for (const id of ids) {
      const job = pickJob(rows, id);
      // One that goes on by accounting, and by the queue does not, is not written down yet; nor is one of which only the end is.
      if (job?.over && isWritten(job)) found.set(id, { job, whole: [...(tasks.get(id) ?? [])].every((task) => written.has(task)) });
    }
    return found;
  };
  /** Nowhere: it is over, and how may be written down in a moment. */
  const isLate = (id: string): boolean => {
    if (!alive.has(id) || accountingOff) return false;
    const since = missing.get(id) ?? io.monotonic();
    missing.set(id, since);
    return io.monotonic() - since < ACCOUNTING_LAG_MS;
  };

  return {
    queue: (o) => poll.look(o),
    shown,
    async jobs(ids, o) {
      const rows = await poll.look(o);
      const found = new Map<string, SlurmJob | null>();
      const open = new Map<string, SlurmJob | undefined>();
      for (const id of ids) {
        const job = pickJob(rows, id);
        for (const { id: task } of rows)
          if (task.startsWith(`${id}_`) && !task.endsWith(']')) tasks.set(id, (tasks.get(id) ?? new Set()).add(task));
        const known = ended.get(id);
        if (job !== undefined && !job.over) {
          alive.set(id, job);
          found.set(id, job);
        } else if (known !== undefined) found.set(id, known);
        else open.set(id, job);
      }
      const accounts = await accounted([...open.keys()], o);
      for (const [id, queued] of open) {
        const written = accounts.get(id);
        const job = (written?.whole ? written.job : await shown(id, o)) ?? queued ?? (isLate(id) ? undefined : written?.job);
        if (job !== undefined) found.set(id, completed(job, { queued, before: alive.get(id) }));
        else if (!isLate(id)) found.set(id, null);
        const last = found.get(id);
        if (last === null || last?.over === true) ended.set(id, last);
      }
      return found;
    },
    async named(name, o) {
      const mine = (await poll.look(o)).filter((job) => job.name === name);
      const [going] = mine.filter((job) => !job.over);
      const newest = going ?? newestOf(mine);
      if (newest !== undefined) return newest;
      const answer = await sacct(sacctName(name), o);
      if (answer === null) return null;
      return newestOf(parseAccounting(answer.stdout).flatMap(({ job }) => (job.name === name && job.over ? [job] : []))) ?? null;
    },
    async usage(id, o) {
      const answer = await sacct(sacctSteps(id), o);
      return answer === null ? null : usageOf(parseAccounting(answer.stdout), id);
    },
    async accounting(o) {
      // Job 0 never is: the answer is empty, and cheap.
      const answer = await sacct(sacctJobs(['0']), o);
      return answer !== null ? true : accountingOff ? false : null;
    },
  };
}

/** The end of a job may be written down before its beginning: its name is a stand-in then, and it has no partition. */
const isWritten = (job: SlurmJob): boolean => job.partition !== null && job.submittedAt !== null;

/** Accounting keeps no reason of a job that failed, and its rows may be incomplete at first: what the queue told stands in. */
function completed(job: SlurmJob, { queued, before }: { queued: SlurmJob | undefined; before: SlurmJob | undefined }): SlurmJob {
  const known = queued ?? before;
  if (known === undefined) return job;
  return {
    ...job,
    name: known.name,
    reason: job.reason ?? (queued?.over === true ? queued.reason : null),
    partition: job.partition ?? known.partition,
    nodeList: job.nodeList ?? known.nodeList,
    submittedAt: job.submittedAt ?? known.submittedAt,
    startsAt: job.startsAt ?? known.startsAt,
  };
}

function newestOf(jobs: readonly SlurmJob[]): SlurmJob | undefined {
  return jobs.toSorted((a, b) => Number.parseInt(b.id, 10) - Number.parseInt(a.id, 10))[0];
}
