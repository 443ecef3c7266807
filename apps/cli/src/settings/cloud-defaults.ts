import { parseDuration } from '@bench/core';
import { z } from 'zod';
import { countryCode, countryHint } from '../country.ts';
import { MAX_DISK_GB } from '../max-disk.ts';

const MARKETS = ['on-demand', 'spot', 'flex', 'reserved'] as const;
const duration = z.string().refine((text) => isDuration(text), 'expected a time: 30m, 4h');
const names = z.array(z.string().min(1)).min(1);
const positive = z.number().positive();
const countries = z.array(
  z.string().superRefine((text, context) => {
    if (countryCode(text) === null)
      context.addIssue({ code: 'custom', message: 'no country is called that', params: { hint: countryHint(text) } });
  }),
);

/** `cloud:` of the settings file: what the flags of rented machines are when they are not given. */
export const cloudDefaultsSchema = z.strictObject({
  provider: names
    .optional()
    .describe('Providers that site `cloud` may rent from. Default: every one that has credentials. Flag: `--provider`.'),
  region: names.optional().describe('Regions or zones, as the providers spell them. Default: all. Flag: `--region`.'),
  market: z
    .array(z.enum(MARKETS))
    .min(1)
    .optional()
    .describe(
      '`on-demand`, `spot` (may be taken away), `flex` (waits in a queue), `reserved`. Default: `[on-demand]`. Flags: `--market`, `--spot`.',
    ),
  max_price: positive
    .optional()
    .describe('The most that a whole machine may cost, dollars an hour. Default: no limit. Flag: `--max-price`.'),
  allow_unknown_price: z
    .boolean()
    .optional()
    .describe('Take machines whose price nobody says in spite of a limit. Default: false. Flag: `--allow-unknown-price`.'),
  max_cost: positive.optional().describe('The most that a run may cost, dollars; it stops before. Default: no limit. Flag: `--max-cost`.'),
  disk: positive.max(MAX_DISK_GB).optional().describe(`Disk of a machine, GB; at most ${MAX_DISK_GB}. Default: 200. Flag: \`--disk\`.`),
  image: z.string().min(1).optional().describe('Image of VMs, in the provider’s words. Default: chosen by GPU. Flag: `--image`.'),
  lifetime: duration
    .optional()
    .describe(
      'How long a machine may live at the most; where the provider has a limit of its own, it ends it then. Default: `4h`, and `keep_for` beside for one that is kept. Flag: `--lifetime`.',
    ),
  bid: positive.optional().describe('The most that is bid in an auction, dollars an hour. Default: the provider’s own bid. Flag: `--bid`.'),
  workload: z
    .enum(['vm', 'container'])
    .optional()
    .describe(
      'What is rented: an empty machine, or the engine’s container. Default: `vm`; on site `vast` `container`, unless `providers.vast.vm` is true. Flag: `--workload`.',
    ),
  max_workers: z.int().min(1).optional().describe('Machines at once. Default: 4. Flag: `--max-workers`.'),
  lease: duration
    .optional()
    .describe('A rented machine ends itself when nobody renewed its lease for so long. Default: `30m`. Flag: `--lease`.'),
  keep_for: duration.optional().describe('How long what is left up on purpose stays. Default: `8h`. Flag: `--keep-for`.'),
  min_reliability: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Share of the time that the machine was up, 0 to 1. Flag: `--min-reliability`.'),
  verified: z.boolean().optional().describe('Only machines that the seller has checked. Flag: `--verified`.'),
  country: countries.min(1).optional().describe('Only these countries, by ISO 3166 code or English name. Flag: `--country`.'),
  not_country: countries.min(1).optional().describe('Not these countries. Flag: `--not-country`.'),
  min_cpus: positive.optional().describe('CPU cores. Flag: `--min-cpus`.'),
  min_memory: positive.optional().describe('Memory, GB. Flag: `--min-memory`.'),
  min_down: positive.optional().describe('Download, megabits per second. Flag: `--min-down`.'),
  min_up: positive.optional().describe('Upload, megabits per second. Flag: `--min-up`.'),
  min_cuda: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'expected a version in quotes: "12.4"')
    .optional()
    .describe('CUDA version that the driver can do. Flag: `--min-cuda`.'),
  min_driver: z
    .string()
    .regex(/^\d+(\.\d+)*$/, 'expected a version in quotes: "550"')
    .optional()
    .describe('Version of the GPU driver. Flag: `--min-driver`.'),
});
export type CloudDefaults = z.infer<typeof cloudDefaultsSchema>;

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}
