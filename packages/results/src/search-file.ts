import { z } from 'zod';

/** What one measurement of a search, or of a curve, said. Enough to know which load comes next. */
export const probeSchema = z.strictObject({
  /** Requests in flight, or per second. */
  at: z.number().positive(),
  /** The limits that it did not meet, in words; empty: it passes, or there are none. */
  missed: z.array(z.string()),
  /** Requests piled up for as long as they were sent, or none of them succeeded. */
  saturated: z.boolean(),
  /** Output tokens a second; of what makes none, requests. */
  throughput: z.number(),
});
export type Probe = z.infer<typeof probeSchema>;

/** How a search stands, in the index of its task. */
export const searchFileSchema = z.strictObject({
  axis: z.enum(['concurrency', 'rate']),
  /** Limits by their names in the recipe. */
  slo: z.record(z.string(), z.number()),
  /** The highest load that passes; null: none did. */
  passes: z.number().nullable(),
  /** The lowest load that fails; null: none did. */
  fails: z.number().nullable(),
  /** That both are on their side: 0 to 1. */
  confidence: z.number(),
  /** Nothing more is to be measured. */
  complete: z.boolean(),
  /** Every measurement, in their order. */
  probes: z.array(probeSchema.extend({ point: z.int().min(0), repeat: z.int().min(0) })),
});
export type SearchFile = z.infer<typeof searchFileSchema>;
