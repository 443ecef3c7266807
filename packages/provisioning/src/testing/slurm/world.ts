import { parseTimeLimit } from '../../slurm/time.ts';
import { fakeClock, type FakeClock } from '../fake/clock.ts';
import {
  DEFAULT_NODES,
  DEFAULT_PARTITIONS,
  type FakeSlurmNode,
  type FakeSlurmOptions,
  type FakeSlurmPartition,
  type SlurmMisbehaviour,
} from './options.ts';

/** A job in truth. Times are milliseconds since the epoch. */
export interface FakeSlurmJob {
  id: number;
  name: string;
  user: string;
  comment: string;
  partition: string;
  gres: string | null;
  nodes: number;
  /** Seconds; null: none. */
  timeLimitS: number | null;
  script: string;
  folder: string;
  output: string;
  submittedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** Long. */
  state: string;
  reason: string;
  exit: string;
  /** User's number that cancelled it. */
  cancelledBy: number | null;
  nodeList: string;
}

export interface SlurmWorld {
  readonly clock: FakeClock;
  readonly options: FakeSlurmOptions;
  readonly user: string;
  readonly tricks: Set<SlurmMisbehaviour>;
  readonly nodes: FakeSlurmNode[];
  readonly partitions: readonly FakeSlurmPartition[];
  /** As they are now. */
  jobs(): FakeSlurmJob[];
  add(job: Pick<FakeSlurmJob, 'name'> & Partial<FakeSlurmJob>): FakeSlurmJob;
  /** Ends a job that goes on. */
  end(job: FakeSlurmJob, how: { state: string; reason?: string; exit?: string; by?: number }): void;
  /** Whether the controller still knows it. */
  remembered(job: FakeSlurmJob): boolean;
  /** Whether accounting has it, in its last state. */
  written(job: FakeSlurmJob): boolean;
}

/** Accounting writes so late, when it is late. */
const LATE_MS = 30_000;
const COMPLETING_MS = 20_000;
const POWER_UP_MS = 15_000;
const GONE = new Set(['COMPLETED', 'CANCELLED', 'FAILED', 'TIMEOUT', 'PREEMPTED', 'NODE_FAIL', 'OUT_OF_MEMORY', 'BOOT_FAIL', 'DEADLINE']);

export const isGone = (job: Pick<FakeSlurmJob, 'state'>): boolean => GONE.has(job.state);

export function slurmWorld(options: FakeSlurmOptions): SlurmWorld {
  const clock = options.clock ?? fakeClock();
  const user = options.user ?? 'ada';
  const tricks = new Set(options.misbehave);
  const nodes = (options.nodes ?? DEFAULT_NODES).map((one) => ({ ...one }));
  const partitions = options.partitions ?? DEFAULT_PARTITIONS;
  const { queueMs = 5000, runMs = Infinity, minJobAgeMs = 300_000 } = options;
  const all: FakeSlurmJob[] = [];
  /** Ends that are still to come of jobs that complete. */
  const ending = new Map<number, { state: string; at: number }>();
  let last = 100;

  const settle = (job: FakeSlurmJob): void => {
    const now = clock.now();
    if (job.state === 'PENDING' && job.reason !== 'JobHeldUser' && now >= job.submittedAt + queueMs) {
      job.startedAt = job.submittedAt + queueMs;
      job.state = tricks.has('configuring') ? 'CONFIGURING' : 'RUNNING';
      job.reason = 'None';
      const places = partitions.find(({ name }) => name === job.partition)?.nodes ?? [];
      job.nodeList = places[job.id % Math.max(1, places.length)] ?? '';
    }
    if (job.state === 'CONFIGURING' && now >= (job.startedAt ?? 0) + POWER_UP_MS) job.state = 'RUNNING';
    if (job.state === 'RUNNING' && job.startedAt !== null) {
      const limitMs = (job.timeLimitS ?? Infinity) * 1000;
      const overAt = job.startedAt + Math.min(runMs, limitMs);
      if (now >= overAt) {
        job.state = runMs < limitMs ? 'COMPLETED' : 'TIMEOUT';
        job.reason = runMs < limitMs ? 'None' : 'TimeLimit';
        job.endedAt = overAt;
      }
    }
    const end = ending.get(job.id);
    if (end !== undefined && now >= end.at) {
      job.state = end.state;
      job.endedAt = end.at;
      ending.delete(job.id);
    }
  };

  return {
    clock,
    options,
    user,
    tricks,
    nodes,
    partitions,
    jobs: () => {
      for (const job of all) settle(job);
      return all;
    },
    add: (given) => {
      const job: FakeSlurmJob = {
        id: ++last,
        user,
        comment: '',
        partition: partitions.find(({ isDefault }) => isDefault)?.name ?? 'gpu',
        gres: null,
        nodes: 1,
        timeLimitS: 3600,
        script: '',
        folder: `/home/${user}`,
        output: 'slurm-%j.out',
        submittedAt: clock.now(),
        startedAt: null,
        endedAt: null,
        state: 'PENDING',
        reason: 'Priority',
        exit: '0:0',
        cancelledBy: null,
        nodeList: '',
        ...given,
      };
      const limit = partitions.find(({ name }) => name === job.partition)?.timeLimit;
      job.timeLimitS ??= limit === undefined ? null : parseTimeLimit(limit);
      all.push(job);
      return job;
    },
    end: (job, { state, reason = 'None', exit = '0:0', by }) => {
      settle(job);
      if (isGone(job) || ending.has(job.id)) return;
      const ran = job.startedAt !== null;
      Object.assign(job, { reason, exit, cancelledBy: by ?? null });
      if (ran && tricks.has('slow-end')) {
        job.state = 'COMPLETING';
        ending.set(job.id, { state, at: clock.now() + COMPLETING_MS });
        return;
      }
      Object.assign(job, { state, endedAt: clock.now() });
    },
    remembered: (job) => {
      if (!isGone(job)) return true;
      return !tricks.has('forgotten') && clock.now() < (job.endedAt ?? 0) + minJobAgeMs;
    },
    written: (job) => isGone(job) && (!tricks.has('accounting-late') || clock.now() >= (job.endedAt ?? 0) + LATE_MS),
  };
}
