import { z } from 'zod';

/**
 * What one worker thread of the client saw of itself in one second, by its own clock. A thread that could not look in time has one entry for all the
 * seconds that passed, at the first of them: `wallMs` says how long it is.
 */
export const clientSecondSchema = z.strictObject({
  /** As in the records of its requests. */
  worker: z.int().min(0),
  /** Length of what this is about, milliseconds: 1000, less at the end, more where the thread was held up. */
  wallMs: z.number(),
  /** Event-loop utilisation, 0 to 1; what the pacer waits by spinning is left out. */
  elu: z.number(),
  /** Share of the time in which its loop was at work, or it ran or was ready to run, 0 to 1: what a thread without a CPU cannot do is work, too. Spinning is left out. */
  busy: z.number(),
  /** Event-loop delay, 99th percentile, milliseconds. */
  loopDelayP99Ms: z.number(),
  /** Sent minus intended, 99th percentile, milliseconds; null: none was due, or a closed loop. */
  scheduleLagP99Ms: z.number().nullable(),
  /** Time in garbage collection that stopped the thread, milliseconds. */
  gcMs: z.number(),
  /** CPU time, spinning included, milliseconds; null: the system does not tell it of a thread. */
  cpuMs: z.number().nullable(),
  /** Ready to run, but on no CPU: others had them, or a quota was used up. Milliseconds; null: the system does not tell. */
  cpuWaitMs: z.number().nullable(),
  /** Token events ÷ socket reads that carried them; null: none came. */
  eventsPerRead: z.number().nullable(),
});
export type ClientSecond = z.infer<typeof clientSecondSchema>;

/** A client's own error on the machine that it sent from, as a self-check there found it. Milliseconds. */
export const clientAccuracySchema = z.strictObject({
  /** When it was checked, ISO 8601. */
  checkedAt: z.string(),
  /** Streams at once that it was found at: of all levels that were checked the first with as many as the point had in flight, else the highest. */
  streams: z.int().positive(),
  /** Tokens a second of each of those streams. */
  tokensPerS: z.number().positive(),
  /** Stamp of the first token minus its write by the server. */
  ttftP50Ms: z.number(),
  ttftP99Ms: z.number(),
  /** |gap between two tokens as measured − as written|. */
  itlP50Ms: z.number(),
  itlP99Ms: z.number(),
  /** |a request's mean gap as measured − as written|. */
  tpotP99Ms: z.number(),
});
export type ClientAccuracy = z.infer<typeof clientAccuracySchema>;

/** What the client saw of itself. */
export const clientObservationSchema = z.strictObject({
  workers: z.int().positive(),
  /** Event-loop utilisation of the busiest worker, 0 to 1. */
  eluMax: z.number(),
  /** Event-loop delay, 99th percentile of the worst worker, milliseconds. */
  loopDelayP99Ms: z.number(),
  /** Sent minus intended, for open loops, 99th percentile, milliseconds; null: closed loop. */
  scheduleLagP99Ms: z.number().nullable(),
  /** CPU of all workers ÷ wall time; 1: one core. */
  cpuCores: z.number(),
  /** Token events ÷ socket reads. */
  eventsPerRead: z.number().nullable(),
  // What follows is absent in results of older versions.
  /** The tenth-greatest of sent minus intended, milliseconds; null: closed loop, or fewer than ten arrivals. */
  scheduleLagTenthMs: z.number().nullable().optional(),
  /** `busy` of the seconds (see {@link clientSecondSchema}), over the whole time, of the busiest worker. */
  busyMax: z.number().optional(),
  /** The same of the worst three seconds on end; null: it was shorter. */
  busyPeak: z.number().nullable().optional(),
  /** Share of the time in which the worker that waited most was ready to run, but on no CPU, 0 to 1; null: the system does not tell. */
  cpuWaitMax: z.number().nullable().optional(),
  /** Share of the time in which garbage collection stopped the worker that it stopped longest, 0 to 1. */
  gcMax: z.number().optional(),
  /** Share of the quota's periods in which the CPU quota of the client's control group was used up, 0 to 1; null: it has none, or nothing tells. */
  quotaUsedUp: z.number().nullable().optional(),
  /** Its own error at about this load; of several clients the worst of those that were checked. Absent: not checked on the machine that sent. */
  accuracy: clientAccuracySchema.optional(),
});
export type ClientObservation = z.infer<typeof clientObservationSchema>;
