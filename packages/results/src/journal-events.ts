import { z } from 'zod';
import { probeSchema } from './search-file.ts';

const task = { recipe: z.string(), variant: z.string(), key: z.string() };
const where = { ...task, attempt: z.int().positive(), point: z.int().min(0), repeat: z.int().min(0) };
const failure = z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() });
/** A rented machine: its place in the run, and its name in the ledger. */
const rented = { machine: z.int().min(0), name: z.string() };

/** A job: the deployment that it is of, the queue's number of it, and its name in the queue and in the ledger. */
const queued = { deployment: z.string(), job: z.string(), name: z.string() };

/** It exists, and nobody was told since when: the answer to its create was lost. Unless an earlier event tells, it counts from its intent on. */
const sinceIntent = z.literal(true).optional();

/** What happened, in order. Resume, status and teardown read nothing else. */
export const journalEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run_started'), pid: z.int(), resumed: z.boolean() }),
  /**
   * A machine is about to be asked for: its create call may be on its way. The ledger knew the name before, and stays the truth for what
   * costs money; the journal says which of its machines are this run's, and what they were for.
   */
  z.strictObject({
    type: z.literal('machine_intent'),
    ...rented,
    /** Index of the execution group that it is for; null: of none in particular. */
    group: z.int().min(0).nullable(),
    provider: z.string(),
    /** In words: `2× H200 in us-east-1, spot`. */
    offer: z.string(),
    /** The whole machine. Null: not known. */
    priceUsdPerHour: z.number().nullable(),
    priceSource: z.string().nullable(),
    diskGb: z.number(),
    storageUsdPerGbMonth: z.number().nullable(),
    /** Whether the price holds the disk. Absent: it does. */
    diskInPrice: z.boolean().optional(),
  }),
  /** Its create failed, or it did not come up: by its code nobody may know whether it was made, or it could not be ended. */
  z.strictObject({ type: z.literal('machine_failed'), ...rented, error: failure }),
  /** It exists. `queued`: it waits for capacity and costs nothing yet. */
  z.strictObject({ type: z.literal('machine_rented'), ...rented, id: z.string(), queued: z.boolean(), sinceIntent }),
  /** It runs, and its address is known. */
  z.strictObject({ type: z.literal('machine_running'), ...rented }),
  /** What the machine itself says that it costs from now on; told only where it is not what was told before. */
  z.strictObject({ type: z.literal('machine_price'), ...rented, priceUsdPerHour: z.number(), priceSource: z.string() }),
  /** It was reached, made ready and looked at. Of a machine that was not rented: it was looked at. */
  z.strictObject({ type: z.literal('machine_ready'), machine: z.int(), name: z.string() }),
  /** A run that goes on found it alive and took it over. */
  z.strictObject({ type: z.literal('machine_adopted'), ...rented }),
  /**
   * The provider took it away, or it disappeared: what was on it is gone. Not of one that is only out of reach: that one costs until it is ended.
   */
  z.strictObject({ type: z.literal('machine_lost'), ...rented, error: failure }),
  /** It stays up on purpose until then; `bench teardown` ends it before. */
  z.strictObject({ type: z.literal('machine_kept'), ...rented, until: z.string() }),
  z.strictObject({ type: z.literal('machine_ending'), ...rented, reason: z.string(), sinceIntent }),
  /** The provider said that it is gone. `endedAt`: when, where that was before this was written. */
  z.strictObject({ type: z.literal('machine_gone'), ...rented, endedAt: z.string().optional(), sinceIntent }),
  /** Written before anything is started, so that whatever was started can be found and ended. */
  z.strictObject({
    type: z.literal('deployment_planned'),
    deployment: z.string(),
    key: z.string(),
    machine: z.int(),
    target: z.string(),
    record: z.unknown(),
  }),
  /** The record as it is after the start: process id, port. */
  z.strictObject({ type: z.literal('deployment_started'), deployment: z.string(), record: z.unknown() }),
  z.strictObject({ type: z.literal('deployment_ready'), deployment: z.string() }),
  z.strictObject({ type: z.literal('deployment_failed'), deployment: z.string(), error: failure }),
  z.strictObject({ type: z.literal('deployment_stopped'), deployment: z.string() }),
  /** The run ended and left it up, as it was asked to; `bench teardown` ends it. */
  z.strictObject({ type: z.literal('deployment_kept'), deployment: z.string() }),
  /** A job of a deployment is in the cluster's queue. The ledger knew its name before. */
  z.strictObject({
    type: z.literal('job_submitted'),
    ...queued,
    role: z.enum(['service', 'client', 'command']),
    /** Which client; null: no client. */
    client: z.int().min(0).nullable(),
  }),
  /** It has left the queue, by itself or because it was cancelled. */
  z.strictObject({
    type: z.literal('job_ended'),
    ...queued,
    /** In the queue's word: `COMPLETED`, `CANCELLED`. */
    state: z.string(),
    /** Why, where anybody said. */
    reason: z.string().nullable(),
    /** As the cluster's accounting tells; null: it does not. */
    usage: z
      .strictObject({
        elapsedS: z.number().nullable(),
        maxRssBytes: z.number().nullable(),
        exitCode: z.int().nullable(),
        nodes: z.string().nullable(),
      })
      .nullable(),
    /** At the price of its GPUs; null: not known. */
    costUsd: z.number().nullable(),
  }),
  /** The process that began the run has left its jobs to the queue, on purpose; they are claimed until then. */
  z.strictObject({ type: z.literal('run_detached'), until: z.string() }),
  z.strictObject({ type: z.literal('attempt_started'), ...task, attempt: z.int().positive(), deployment: z.string() }),
  z.strictObject({ type: z.literal('point_started'), ...where }),
  z.strictObject({
    type: z.literal('point_finished'),
    ...where,
    path: z.string(),
    /** Of a task whose next load follows from what was measured. */
    probe: probeSchema.optional(),
  }),
  z.strictObject({ type: z.literal('point_failed'), ...where, error: failure }),
  /** Its machine was taken away while it was measured: nothing is said about the engine, and it is measured again. */
  z.strictObject({ type: z.literal('point_void'), ...where, error: failure }),
  z.strictObject({ type: z.literal('task_finished'), ...task, status: z.enum(['done', 'failed', 'interrupted']) }),
  /** What the run may cost is reached, ending its machines included: nothing more is begun, and everything ends. */
  z.strictObject({ type: z.literal('budget_reached'), maxCostUsd: z.number(), spentUsd: z.number(), message: z.string() }),
  z.strictObject({ type: z.literal('run_finished'), status: z.enum(['done', 'failed', 'interrupted']), exitCode: z.int() }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;

/** An event as it lies in `journal.jsonl`. */
export type JournalLine = JournalEvent & {
  seq: number;
  /** Wall clock, ISO 8601. */
  at: string;
  /** Milliseconds since the first event of the same process, on its monotonic clock: 0 begins a process. Absent in journals of older versions. */
  ms?: number | undefined;
};
