import { z } from 'zod';

const limit = z.number().positive();

/** Limits of goodput, of a load or a class of its requests. */
export const sloSchema = z
  .strictObject({ ttft_ms: limit.optional(), tpot_ms: limit.optional(), e2el_ms: limit.optional() })
  .describe('Limits in milliseconds; a request is good when it meets all that are given.');
export type Slo = z.output<typeof sloSchema>;
