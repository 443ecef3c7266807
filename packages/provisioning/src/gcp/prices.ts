import type { Market, PriceSource } from '../contract/offer.ts';
import type { GcpSettings } from './settings.ts';

/**
 * Dollars an hour for a whole machine without its disk, the dearest region: so that a price limit is never passed. From SkyPilot's catalogue
 * (version 8) as it stood in the middle of 2026. There is no price list by machine type in the API; what is not here is not known.
 * G2: per-GPU figures are around that do not say what they include, so it has none.
 */
const CATALOGUE: Readonly<Record<string, Partial<Record<Market, number>>>> = {
  'a3-megagpu-8g': { 'on-demand': 64.3, spot: 22.2 },
  'a4-highgpu-8g': { spot: 51.55 },
};
const CATALOGUE_SOURCE: PriceSource = { kind: 'catalogue', name: 'price list of mid-2026, dearest region', at: '2026-06-30T00:00:00.000Z' };

/** What a machine costs an hour, and who says so. */
export function priceOf(o: {
  settings: GcpSettings;
  machineType: string;
  region: string;
  market: Market;
  accelerator: string | null;
  /** ISO 8601. */
  now: string;
}): { usdPerHour: number | null; source: PriceSource } {
  const own = o.settings.prices.find(
    (p) =>
      p.machine_type === o.machineType &&
      p.market === o.market &&
      (p.region === undefined || p.region === o.region) &&
      (p.gpu === undefined || p.gpu === o.accelerator),
  );
  if (own) return { usdPerHour: own.usd_per_hour, source: { kind: 'user', name: 'your settings', at: o.now } };
  return { usdPerHour: CATALOGUE[o.machineType]?.[o.market] ?? null, source: CATALOGUE_SOURCE };
}
