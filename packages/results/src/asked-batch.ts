import { z } from 'zod';

/** What a run in the queue of a cluster was asked. */
export const askedBatchSchema = z.strictObject({
  /** Where jobs are submitted: `local`, or what SSH takes. */
  login: z.string().min(1),
  /** Deployments in the queue at a time. */
  maxWorkers: z.int().positive(),
  /** How long jobs that are left to the queue are claimed, seconds. */
  keepS: z.int().positive(),
});
export type AskedBatch = z.infer<typeof askedBatchSchema>;
