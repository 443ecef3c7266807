import { z } from 'zod';
import type { Offer } from '../contract/offer.ts';

const refSchema = z.object({
  provider: z.string(),
  id: z.string(),
  name: z.string(),
  region: z.string().nullable(),
  zone: z.string().nullable(),
});
const priceSourceSchema = z.object({ kind: z.enum(['live', 'catalogue', 'user']), name: z.string(), at: z.string() });
const holderSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('process'),
    pid: z.number(),
    start: z.string().nullable(),
    bootId: z.string().nullable(),
    machineId: z.string().nullable(),
    pidNamespace: z.string().nullish(),
    heartbeat: z.string().optional(),
  }),
  z.object({ kind: z.literal('lease'), until: z.string() }),
]);
const gpuSchema = z.custom<Offer['gpu']>((value) => value === null || (typeof value === 'object' && value !== null));

const named = { name: z.string() };
const noted = { ...named, note: z.string() };

/**
 * What happens to a machine; a line of `ledger.jsonl` is one of these, with `at` (ISO 8601) before. Fields that a newer version adds are
 * passed over, not refused: an older `bench gc` must still find its machines.
 */
export const ledgerEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('intent'),
    ...named,
    /** In full: it is restored from here when the file `owner` was lost. */
    owner: z.string(),
    provider: z.string(),
    account: z.string().nullish(),
    run: z.string(),
    runDir: z.string().nullable(),
    offer: z.object({
      id: z.string(),
      instanceType: z.string(),
      region: z.string(),
      zone: z.string().nullable(),
      gpu: gpuSchema,
      market: z.enum(['on-demand', 'spot', 'flex', 'reserved']),
    }),
    workload: z.enum(['vm', 'container', 'batch']),
    priceUsdPerHour: z.number().nullable(),
    priceSource: priceSourceSchema,
    storageUsdPerGbMonth: z.number().nullable(),
    diskInPrice: z.boolean().optional(),
    diskGb: z.number(),
    holder: holderSchema,
    expiresAt: z.string().nullable(),
  }),
  z.object({ type: z.literal('created'), ...named, ref: refSchema }),
  z.object({ type: z.literal('running'), ...named }),
  z.object({ type: z.literal('price'), ...named, priceUsdPerHour: z.number(), priceSource: priceSourceSchema }),
  z.object({ type: z.literal('unknown'), ...noted }),
  z.object({ type: z.literal('refused'), ...noted }),
  z.object({ type: z.literal('ending'), ...noted }),
  z.object({ type: z.literal('gone'), ...named }),
  z.object({ type: z.literal('hold'), ...named, holder: holderSchema }),
  /** The line before was cut off by a crash or a full disk; what it would have said never took effect. */
  z.object({ type: z.literal('mended') }),
]);
export type LedgerEvent = z.infer<typeof ledgerEventSchema>;
export type LedgerLine = LedgerEvent & { at: string };

/** The event of a line; null: it is none. */
export function parseLedgerLine(text: string): LedgerLine | null {
  try {
    const value: unknown = JSON.parse(text);
    const event = ledgerEventSchema.safeParse(value);
    const at = (value as { at?: unknown }).at;
    return event.success && typeof at === 'string' ? { ...event.data, at } : null;
  } catch {
    return null;
  }
}
