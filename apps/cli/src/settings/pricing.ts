import { findGpu, machineOfGpus, nearGpu } from '@bench/core';
import type { PriceBook, PriceEntry } from '@bench/report';
import { z } from 'zod';

const date = z.string().refine((text) => isDay(text), 'expected a date: 2026-11-01');
const currency = z.string().regex(/^[A-Z]{3}$/, 'expected a currency of three capital letters: EUR');
const price = z.union(
  [
    z.number().positive(),
    z.strictObject({
      price: z.number().positive(),
      currency: currency.optional(),
      source: z.string().min(1).optional(),
      date: date.optional(),
    }),
  ],
  { error: 'expected dollars an hour (2.10), or {price: 1.95, currency: EUR, source: "offer of …", date: 2026-11-01}' },
);
const rate = z.union([z.number().positive(), z.strictObject({ usd: z.number().positive(), date: date.optional() })], {
  error: 'expected what one is in dollars (1.08), or {usd: 1.08, date: 2026-11-01}',
});

/** `pricing:` of the settings file: what machines cost whose price no run knows. */
export const pricingSchema = z.strictObject({
  date: date.describe('When these prices and rates were looked up, `2026-11-01`; of those that have no date of their own. Must be set.'),
  source: z.string().min(1).optional().describe('Who says so, of prices that have no source of their own. Default: the settings file.'),
  gpus: z
    .record(z.string().min(1), price)
    .superRefine((prices, context) => checkGpus(prices, (name) => name, context))
    .optional()
    .describe(
      'What an hour of one GPU costs, by its name in the catalogue; it counts for each GPU that is in use: `{H200: 2.10, RTX5090: {price: 0.35, currency: EUR, source: contract, date: 2026-10-01}}`. A name that means several (`A100`) is the price of all that have none of their own.',
    ),
  machines: z
    .record(z.string().min(1), price)
    .superRefine((prices, context) => checkGpus(prices, (name) => machineOfGpus(name)?.name ?? null, context))
    .optional()
    .describe(
      'What an hour of a whole machine costs, by its GPUs, its instance type or its name: `{8xH200: 16, a3-highgpu-8g: 70.5, local: 0.12}`.',
    ),
  partitions: z
    .record(z.string().min(1), price)
    .optional()
    .describe(
      'What an hour of one GPU costs in a partition of a cluster: `{gpu: 1.50}`. What `providers.slurm` said when a job was submitted comes first.',
    ),
  rates: z
    .record(currency, rate)
    .optional()
    .describe(
      'What one unit of a currency is in dollars: `{EUR: 1.08}`. A price in a currency without a rate is shown as it is, and nothing is computed or compared with it.',
    ),
});
export type Pricing = z.infer<typeof pricingSchema>;

/** The prices that settings name. */
export function priceBookOf(pricing: Pricing | undefined, file: string): PriceBook {
  if (pricing === undefined) return { whatIf: [], known: [], rates: {} };
  const entries = (per: PriceEntry['per'], prices: Record<string, z.infer<typeof price>> = {}) =>
    Object.entries(prices).map(([name, said]): PriceEntry => {
      const own = typeof said === 'number' ? { price: said } : said;
      return {
        per,
        ...((per === 'machine' ? machineOfGpus(name) : null) ?? { name }),
        amount: own.price,
        currency: own.currency ?? 'USD',
        source: own.source ?? pricing.source ?? file,
        date: own.date ?? pricing.date,
      };
    });
  return {
    whatIf: [],
    known: [...entries('gpu', pricing.gpus), ...entries('machine', pricing.machines), ...entries('partition', pricing.partitions)],
    rates: Object.fromEntries(
      Object.entries(pricing.rates ?? {}).map(([name, said]) => [
        name,
        typeof said === 'number' ? { usd: said, date: pricing.date } : { usd: said.usd, date: said.date ?? pricing.date },
      ]),
    ),
  };
}

function checkGpus(prices: object, gpuOf: (key: string) => string | null, context: z.RefinementCtx): void {
  for (const key of Object.keys(prices)) {
    const name = gpuOf(key);
    if (name === null || findGpu(name)) continue;
    const params = { hint: nearGpu(name) ?? 'bench gpus lists them' };
    context.addIssue({ code: 'custom', path: [key], message: `no GPU is called "${name}"`, params });
  }
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}
