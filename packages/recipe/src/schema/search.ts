import { z } from 'zod';

const limit = z.number().positive();

const METRICS = ['ttft', 'tpot', 'e2el'] as const;
const PERCENTILES = ['p50', 'p90', 'p95', 'p99'] as const;
type LimitKey = `${(typeof METRICS)[number]}_${(typeof PERCENTILES)[number]}_ms`;

/** Limits of a search in milliseconds, `<metric>_<percentile>_ms`, and the figures that they are of. */
export const SEARCH_LIMITS: readonly { key: LimitKey; metric: string; percentile: (typeof PERCENTILES)[number] }[] = METRICS.flatMap(
  (name) => PERCENTILES.map((percentile) => ({ key: `${name}_${percentile}_ms` as const, metric: `${name}_ms`, percentile })),
);

/** `benchmark.search`: the highest load that a deployment carries. */
export const searchSchema = z
  .strictObject({
    max: z.enum(['concurrency', 'rate']).describe('What is to be as high as can be: requests in flight, or requests per second.'),
    slo: z
      .strictObject({
        ...(Object.fromEntries(SEARCH_LIMITS.map(({ key }) => [key, limit.optional()])) as Record<LimitKey, z.ZodOptional<typeof limit>>),
        goodput: z.number().gt(0).max(1).optional(),
      })
      .refine((slo) => Object.values(slo).some((value) => value !== undefined), { error: 'a search needs at least one limit' })
      .describe(
        'A load passes when it meets all. <metric>_<percentile>_ms: at most; goodput: the least share of requests that meet benchmark.slo.',
      ),
    from: limit.default(1).describe('The first load; where it fails, lower ones are tried.'),
    to: limit.default(1024).describe('The highest load.'),
    precision: z.number().gt(0).max(1).default(0.1).describe('The load that fails is at most this much above the one that passes.'),
    repeats: z.int().positive().default(3).describe('How often both of them are measured.'),
    max_points: z.int().min(2).default(30).describe('Measurements at most.'),
  })
  .refine((s) => s.from <= s.to, { error: 'from is above to', path: ['from'] })
  .refine((s) => s.max === 'rate' || (Number.isInteger(s.from) && Number.isInteger(s.to)), {
    error: 'a concurrency is a whole number',
    path: ['from'],
  })
  .describe('Finds the highest load that meets an SLO, by doubling and then halving the bracket.');
export type Search = z.output<typeof searchSchema>;
