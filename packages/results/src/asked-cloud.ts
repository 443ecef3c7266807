import { z } from 'zod';

/** `spot`: may be taken away at any time. `flex`: waits in a queue, then runs for a bounded time. */
const marketSchema = z.enum(['on-demand', 'spot', 'flex', 'reserved']);

/** What a machine must be beside its GPU; absent: not asked for. The members of `OfferCriteria` of `@bench/provisioning`. */
const criteriaSchema = z.strictObject({
  minReliability: z.number().min(0).max(1).optional(),
  verified: z.boolean().optional(),
  countries: z.array(z.string()).optional(),
  notCountries: z.array(z.string()).optional(),
  minCpus: z.number().positive().optional(),
  minMemoryGb: z.number().positive().optional(),
  minDownMbps: z.number().positive().optional(),
  minUpMbps: z.number().positive().optional(),
  minCuda: z.string().optional(),
  minDriver: z.string().optional(),
});

/** What a run on rented machines was asked: the user's limits, which nothing widens afterwards. */
export const askedCloudSchema = z.strictObject({
  /** Names of providers that may be used; null: all that are open. */
  providers: z.array(z.string()).nullable(),
  /** Regions or zones as the providers spell them; empty: everywhere. */
  regions: z.array(z.string()),
  markets: z.array(marketSchema).min(1),
  /** For a whole machine. */
  maxPriceUsdPerHour: z.number().positive().nullable(),
  /** A machine without a known price may be rented in spite of a limit. */
  allowUnknownPrice: z.boolean(),
  /** What all invocations of the run may cost together; null: no limit. */
  maxCostUsd: z.number().positive().nullable(),
  diskGb: z.number().positive(),
  /** The provider's own word for an image; null: chosen by GPU. */
  image: z.string().nullable(),
  /** How long one machine may live at the most, seconds. */
  maxLifetimeS: z.int().positive(),
  bidUsdPerHour: z.number().positive().nullable(),
  /** `container`: the engine is what is rented. */
  workload: z.enum(['vm', 'container']),
  criteria: criteriaSchema,
  /** Machines at a time. */
  maxWorkers: z.int().positive(),
  /** A machine that nobody renews ends itself after this many seconds. */
  leaseS: z.int().positive(),
  /** How long what stays up on purpose is claimed, seconds. */
  keepS: z.int().positive(),
});
export type AskedCloud = z.infer<typeof askedCloudSchema>;
