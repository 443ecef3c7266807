import { z } from 'zod';

const task = { recipe: z.string(), variant: z.string(), key: z.string() };
const where = { ...task, attempt: z.int().positive(), point: z.int().min(0), repeat: z.int().min(0) };
const failure = z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() });

/** What happened, in order. Resume, status and teardown read nothing else. */
export const journalEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run_started'), pid: z.int(), resumed: z.boolean() }),
  z.strictObject({ type: z.literal('machine_ready'), machine: z.int(), name: z.string() }),
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
  z.strictObject({ type: z.literal('attempt_started'), ...task, attempt: z.int().positive(), deployment: z.string() }),
  z.strictObject({ type: z.literal('point_started'), ...where }),
  z.strictObject({ type: z.literal('point_finished'), ...where, path: z.string() }),
  z.strictObject({ type: z.literal('point_failed'), ...where, error: failure }),
  z.strictObject({ type: z.literal('task_finished'), ...task, status: z.enum(['done', 'failed', 'interrupted']) }),
  z.strictObject({ type: z.literal('run_finished'), status: z.enum(['done', 'failed', 'interrupted']), exitCode: z.int() }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;

/** An event as it lies in `journal.jsonl`. */
export type JournalLine = JournalEvent & { seq: number; at: string };
