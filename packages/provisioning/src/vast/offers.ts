import { findGpu, snapGpuMemoryGb } from '@bench/core';
import { z } from 'zod';
import type { Market, Offer, OfferQuery } from '../contract/offer.ts';
import { PROVIDER } from './explain.ts';
import { sellerNames } from './gpu-names.ts';
import type { VastSettings } from './settings.ts';

/** The API has no pages here: what does not fit is the most expensive. */
const MOST_OFFERS = 500;
/** The least disk that can be rented, GB. */
const LEAST_DISK_GB = 8;
/** Memory is in thousands. */
const MB_PER_GB = 1000;

/** Disk that is rented for what was asked for. */
export const diskOf = (gb: number): number => Math.max(LEAST_DISK_GB, Math.ceil(gb));

type Condition = Partial<Record<'eq' | 'gte' | 'in' | 'notin', unknown>>;

/** The search of one market: body of `POST /api/v0/bundles/`. Null: the market or the workload is not sold. */
export function searchBody(query: OfferQuery, market: Market, settings: VastSettings): Record<string, unknown> | null {
  const type = market === 'on-demand' ? 'on-demand' : market === 'spot' ? 'bid' : null;
  if (type === null || query.workload === 'batch') return null;
  const { criteria } = query;
  const { quality } = settings;
  const verified = criteria.verified ?? quality.verified;
  const cuda = Math.max(quality.min_cuda, Number(criteria.minCuda ?? 0));
  const fields: Record<string, Condition> = {
    rentable: { eq: true },
    rented: { eq: false },
    external: { eq: false },
    ...(verified ? { verified: { eq: true } } : {}),
    ...(query.gpu === null ? {} : { gpu_name: { in: namesOf(query.gpu) } }),
    ...(query.count === null ? {} : { num_gpus: { eq: query.count } }),
    ...(query.workload === 'vm' ? { vms_enabled: { eq: true } } : {}),
    ...places(query),
    reliability2: { gte: Math.max(quality.min_reliability, criteria.minReliability ?? 0) },
    direct_port_count: { gte: quality.min_direct_ports },
    inet_down: { gte: Math.max(quality.min_down_mbps, criteria.minDownMbps ?? 0) },
    ...(criteria.minUpMbps === undefined ? {} : { inet_up: { gte: criteria.minUpMbps } }),
    ...(Number.isFinite(cuda) && cuda > 0 ? { cuda_max_good: { gte: cuda } } : {}),
    ...(quality.min_compute_capability > 0 ? { compute_cap: { gte: Math.round(quality.min_compute_capability * 100) } } : {}),
    ...(criteria.minCpus === undefined ? {} : { cpu_cores_effective: { gte: criteria.minCpus } }),
    ...(criteria.minMemoryGb === undefined ? {} : { cpu_ram: { gte: criteria.minMemoryGb * MB_PER_GB } }),
    disk_space: { gte: diskOf(query.diskGb) },
  };
  return { ...fields, type, order: [['dph_total', 'asc']], limit: MOST_OFFERS, allocated_storage: diskOf(query.diskGb) };
}

/** A GPU that the catalogue lacks is asked for as it is written. */
function namesOf(gpu: string): string[] {
  const names = sellerNames(gpu);
  return names.length === 0 ? [gpu] : names;
}

function places({ criteria, regions }: OfferQuery): Record<string, Condition> {
  // Regions of this seller are countries; a longer one is left to whoever looks at the answer.
  const countries = criteria.countries ?? (regions.length > 0 && regions.every(isCountry) ? regions : undefined);
  if (countries !== undefined && countries.length > 0) return { geolocation: { in: countries.map((c) => c.toUpperCase()) } };
  const not = criteria.notCountries;
  return not === undefined || not.length === 0 ? {} : { geolocation: { notin: not.map((c) => c.toUpperCase()) } };
}

/** Is an offer in one of these regions, which are countries, or places as the seller writes them? */
export function isThere({ region, zone }: Pick<Offer, 'region' | 'zone'>, regions: readonly string[]): boolean {
  return regions.length === 0 || regions.some((wanted) => wanted === zone || wanted.toUpperCase() === region.toUpperCase());
}

const isCountry = (region: string): boolean => /^[A-Za-z]{2}$/.test(region);

const number = z.number().nullish();
const text = z.string().nullish();

/** An element of `offers[]`, as far as it is used. */
export const askSchema = z.object({
  id: z.int(),
  machine_id: number,
  host_id: number,
  gpu_name: text,
  num_gpus: number,
  gpu_ram: number,
  cpu_cores_effective: number,
  cpu_cores: number,
  cpu_ram: number,
  disk_space: number,
  dph_base: number,
  dph_total: number,
  min_bid: number,
  storage_cost: number,
  inet_up_cost: number,
  inet_up: number,
  inet_down: number,
  reliability2: number,
  cuda_max_good: z.union([z.number(), z.string()]).nullish(),
  driver_version: text,
  direct_port_count: number,
  geolocation: text,
  static_ip: z.boolean().nullish(),
  vms_enabled: z.boolean().nullish(),
  verification: text,
  duration: number,
});
export type Ask = z.output<typeof askSchema>;

/** What `create` needs of an offer beside the rest. */
export const offerDataSchema = z.object({ ask: z.int(), minBid: z.number().nullable(), bid: z.number().nullable() });

/** An ask as an offer of one market. */
export function toOffer(ask: Ask, o: { market: Market; settings: VastSettings; nowMs: number }): Offer {
  const { market, settings, nowMs } = o;
  const minBid = positive(ask.min_bid);
  const bid = market === 'spot' && minBid !== null ? roundUp(minBid * settings.bid_over_minimum) : null;
  const place = ask.geolocation?.trim() ?? '';
  const country = /(?:^|,\s*)([A-Z]{2})$/.exec(place)?.[1] ?? null;
  const count = ask.num_gpus ?? 0;
  return {
    id: market === 'spot' ? `${ask.id}-bid` : String(ask.id),
    provider: PROVIDER,
    instanceType: count > 0 ? `${count}x ${ask.gpu_name ?? 'GPU'}` : 'CPU',
    region: country ?? (place === '' ? 'unknown' : place),
    zone: country !== null && place !== country ? place : null,
    country,
    gpu: count > 0 ? gpuOf(ask, count) : null,
    cpus: ask.cpu_cores_effective ?? ask.cpu_cores ?? null,
    memoryGb: ask.cpu_ram == null ? null : ask.cpu_ram / MB_PER_GB,
    diskGb: ask.disk_space ?? null,
    priceUsdPerHour: market === 'spot' ? priceOfBid(ask, bid) : positive(ask.dph_total),
    ...(market === 'spot' ? { minBidUsdPerHour: minBid, pricedBidUsdPerHour: bid } : {}),
    // `allocated_storage` of the query is in it.
    diskInPrice: true,
    storageUsdPerGbMonth: ask.storage_cost ?? null,
    egressUsdPerGb: ask.inet_up_cost ?? null,
    priceSource: { kind: 'live', name: 'vast.ai', at: new Date(nowMs).toISOString() },
    market,
    availability: 'available',
    workloads: ask.vms_enabled === true ? ['container', 'vm'] : ['container'],
    reliability: ask.reliability2 ?? null,
    verified: ask.verification == null ? null : ask.verification === 'verified',
    downMbps: ask.inet_down ?? null,
    upMbps: ask.inet_up ?? null,
    cudaVersion: ask.cuda_max_good == null ? null : version(ask.cuda_max_good),
    driverVersion: ask.driver_version ?? null,
    publicIp: 'mapped',
    rentableUntil: ask.duration == null || ask.duration <= 0 ? null : new Date(nowMs + ask.duration * 1000).toISOString(),
    data: { ask: ask.id, minBid, bid } satisfies z.output<typeof offerDataSchema>,
  };
}

/** A bid pays for the GPUs; the disk comes on top. */
function priceOfBid(ask: Ask, bid: number | null): number | null {
  if (bid === null) return null;
  const disk = ask.dph_total != null && ask.dph_base != null ? Math.max(0, ask.dph_total - ask.dph_base) : 0;
  return bid + disk;
}

function gpuOf(ask: Ask, count: number): NonNullable<Offer['gpu']> {
  const name = ask.gpu_name ?? 'unknown';
  const known = findGpu(name, ask.gpu_ram == null ? {} : { memoryMiB: ask.gpu_ram });
  const reportedGb = (ask.gpu_ram ?? 0) / 1024;
  return {
    id: known?.id ?? null,
    name,
    vendor: known?.vendor ?? (/instinct|radeon|^mi\d|^amd/i.test(name) ? 'amd' : 'nvidia'),
    count,
    memoryGb: known?.memoryGb ?? snapGpuMemoryGb(reportedGb) ?? Math.round(reportedGb),
    formFactor: known?.formFactor ?? null,
  };
}

const positive = (value: number | null | undefined): number | null => (value != null && value > 0 ? value : null);

/** `12` is sent for 12.0. */
const version = (value: number | string): string =>
  typeof value === 'number' && Number.isInteger(value) ? value.toFixed(1) : String(value);

/** To a hundredth of a cent, never below. */
export const roundUp = (usd: number): number => Math.ceil(Number((usd * 10_000).toFixed(6))) / 10_000;
