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

/** What the client saw of itself. */
export const clientObservationSchema = z.strictObject({
  workers: z.int().positive(),
  /** Event-loop utilisation of the busiest worker, 0 to 1. */
  eluMax: z.number(),
  /** Event-loop delay, 99th percentile of the worst worker, milliseconds. */
  loopDelayP99Ms: z.number(),
  /** Sent minus intended, for open loops; null: closed loop. */
  scheduleLagP99Ms: z.number().nullable(),
  /** CPU of all workers ÷ wall time; 1: one core. */
  cpuCores: z.number(),
  /** Token events ÷ socket reads. */
  eventsPerRead: z.number().nullable(),
});
export type ClientObservation = z.infer<typeof clientObservationSchema>;
