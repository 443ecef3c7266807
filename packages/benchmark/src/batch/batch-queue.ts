import type { Offer } from '@bench/provisioning';
import type { SlurmDirectives } from '@bench/provisioning/slurm';
import type { JournalEvent } from '@bench/results';

/** A job that is in the queue, or was. */
export interface JobRef {
  /** Its name in the queue and in the ledger. */
  name: string;
  /** The queue's number of it. */
  id: string;
}

/** What the queue says of a job now. */
export interface JobView {
  /** `ending`: it holds its nodes while its processes are ended. */
  state: 'pending' | 'starting' | 'running' | 'ending' | 'ended' | 'unknown';
  /** In the queue's word. */
  word: string;
  /** Why it waits, or how it ended, in the queue's words; null: nothing was said. */
  reason: string | null;
  /** When the queue thinks that it will begin, ISO 8601; null: it does not say. */
  startsAt: string | null;
  /** Null: none yet. */
  node: string | null;
  exitCode: number | null;
}

/** What accounting says of a job that is over. */
export type JobUsage = NonNullable<Extract<JournalEvent, { type: 'job_ended' }>['usage']>;

/** One job to be submitted. */
export interface JobOrder {
  role: 'service' | 'client' | 'command';
  /** Which client; 0 for the others. */
  index: number;
  script: string;
  directives: SlurmDirectives;
  /** Absolute working folder on the cluster. */
  folder: string;
  /** File of its output, below the folder. */
  log: string;
  /** The job begins only when these have begun (`after`), or are over (`afterany`). */
  after?: { kind: 'after' | 'afterany'; id: string } | undefined;
  offer: Offer;
  timeLimitS: number;
  secrets: readonly string[];
}

/** The seam between a run and whatever runs its jobs. */
export interface BatchQueue {
  /** Between two looks, milliseconds. */
  readonly pollMs: number;
  /** How much later than its word that a job is over the job's files may be seen, milliseconds: shared file systems take their time. */
  readonly lateMs: number;
  /** On disk before it is sent; an answer that was lost is looked for by name. @throws BenchError of a provider; nothing of it is in the queue then */
  submit(job: JobOrder, options: { signal: AbortSignal }): Promise<JobRef>;
  /** All at once, by name. Null: the queue does not know it any more, so it is over. One that is not in the answer could not be looked at. */
  jobs(refs: readonly JobRef[], options: { signal: AbortSignal }): Promise<ReadonlyMap<string, JobView | null>>;
  /** Until it has left the queue. Idempotent. @throws BenchError of kind `cleanup` when it is still there */
  cancel(job: JobRef, reason: string): Promise<void>;
  /** It has left the queue by itself. */
  over(job: JobRef): Promise<void>;
  /** Null: there is no accounting. */
  usage(job: JobRef, options: { signal: AbortSignal }): Promise<JobUsage | null>;
  /** This process works with the job from now on. */
  hold(job: JobRef): Promise<void>;
  /** Nobody here works with it any more: it is claimed until then. */
  leave(job: JobRef, until: Date): Promise<void>;
  /** Jobs of the run that may be in the queue and are none of `known`: their submission was cut short. Cancels them; what could not be, in words. */
  sweep(known: readonly JobRef[]): Promise<string[]>;
}
