import { parseDuration } from '@bench/core';
import { z } from 'zod';
import { durationSchema } from './values.ts';

/** `benchmark.stages`: rates, one after another. */
export const stagesSchema = z
  .array(
    z.strictObject({
      duration: durationSchema.describe('How long the stage takes.'),
      request_rate: z.number().min(0).describe('Requests per second, from the beginning of the stage; 0 is a pause.'),
      to_request_rate: z.number().min(0).optional().describe('Rate at its end: a linear ramp. Default: request_rate.'),
    }),
  )
  .min(1, { error: 'stages need at least one stage' })
  .refine((stages) => stages.some((s) => s.request_rate > 0 || (s.to_request_rate ?? 0) > 0), { error: 'no stage has a request_rate' })
  .refine((stages) => stages.every((s) => parseDuration(s.duration) > 0), { error: 'a stage needs a duration above 0' })
  .describe('Open loop whose rate changes in time, stage after stage; the point ends with the last.');

/** `benchmark.concurrency_stages`: requests in flight, one stage after another. */
export const concurrencyStagesSchema = z
  .array(
    z.strictObject({
      duration: durationSchema.describe('How long the stage takes.'),
      max_concurrency: z.int().min(0).describe('Requests in flight, from the beginning of the stage.'),
      to_max_concurrency: z.int().min(0).optional().describe('At its end: a linear ramp. Default: max_concurrency.'),
    }),
  )
  .min(1, { error: 'concurrency_stages need at least one stage' })
  .refine((stages) => stages.some((s) => s.max_concurrency > 0 || (s.to_max_concurrency ?? 0) > 0), {
    error: 'no stage has a max_concurrency',
  })
  .refine((stages) => stages.every((s) => parseDuration(s.duration) > 0), { error: 'a stage needs a duration above 0' })
  .describe('Closed loop whose concurrency changes in time, stage after stage; the point ends with the last.');

/** `benchmark.bursts`: many requests at once, again and again. */
export const burstsSchema = z
  .strictObject({
    size: z.int().positive().describe('Requests sent at once.'),
    every: durationSchema
      .refine((every) => parseDuration(every) > 0, { error: 'expected a duration above 0' })
      .describe('From the beginning of one burst to the next.'),
  })
  .describe('Open loop that sends requests in bursts.');
