import { loadSpecSchema } from '@bench/core';
import type { DeploymentRecord } from '@bench/deploy';
import { z } from 'zod';

const jobSchema = z.object({
  name: z.string(),
  id: z.string(),
  role: z.enum(['service', 'client', 'command']),
  /** Which client; 0 for the others. */
  index: z.int().min(0),
  /** Dollars an hour for all its GPUs; null: not known. */
  usdPerHour: z.number().nullable(),
  /** Absent: the cluster’s own, and nobody was told which that is; or written by an older version. */
  partition: z.string().min(1).optional(),
});
export type QueuedJobRecord = z.infer<typeof jobSchema>;

/** One measurement of a deployment, in order: the `k`-th is what clients write below `clients/<i>/<k>`. */
const orderSchema = z.object({
  recipe: z.string(),
  variant: z.string(),
  key: z.string(),
  attempt: z.int().positive(),
  point: z.int().min(0),
  repeat: z.int().min(0),
  /** As the recipe has it; null: the recipe's own clients or command are the load. */
  load: loadSpecSchema.nullable(),
});
export type QueuedOrder = z.infer<typeof orderSchema>;

const schema = z.looseObject({
  id: z.string(),
  key: z.string(),
  target: z.literal('batch'),
  /** Absolute folder of the run on the cluster. */
  runFolder: z.string(),
  /** How many clients there are. */
  clients: z.int().min(0),
  /** Of each client, for recipes with clients of their own: its name. */
  clientNames: z.array(z.string()),
  orders: z.array(orderSchema),
  /** Those that were submitted, the one of the service or command first. */
  jobs: z.array(jobSchema),
  /** Wall clock, epoch milliseconds. */
  submittedAtMs: z.number(),
});

/** A deployment in a queue: all that watching, collecting and ending it need, in any process. Journalled; holds no secret. */
export type QueuedRecord = DeploymentRecord & z.infer<typeof schema>;

/** The record of a journal; null: it is of something else. */
export function readQueuedRecord(record: unknown): QueuedRecord | null {
  const parsed = schema.safeParse(record);
  return parsed.success ? (parsed.data as QueuedRecord) : null;
}
