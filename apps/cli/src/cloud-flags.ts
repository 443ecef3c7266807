import { type AskedCloud } from '@bench/results';
import { BenchError, EXIT, parseDuration } from '@bench/core';
import { countryCode, countryHint } from './country.ts';
import type { CloudDefaults } from './settings/cloud-defaults.ts';

export type Market = AskedCloud['markets'][number];

/** Flags of whatever asks what is for rent. Absent ones are as the settings say, else as their default. */
export interface OfferFlags {
  provider?: string[] | undefined;
  region?: string[] | undefined;
  market?: Market[] | undefined;
  spot?: true | undefined;
  maxPrice?: number | undefined;
  allowUnknownPrice?: true | undefined;
  disk?: number | undefined;
  workload?: 'vm' | 'container' | undefined;
  minReliability?: number | undefined;
  verified?: true | undefined;
  country?: string[] | undefined;
  notCountry?: string[] | undefined;
  minCpus?: number | undefined;
  minMemory?: number | undefined;
  minDown?: number | undefined;
  minUp?: number | undefined;
  minCuda?: string | undefined;
  minDriver?: string | undefined;
}

/** Flags of whatever rents. */
export interface RentFlags extends OfferFlags {
  maxCost?: number | undefined;
  image?: string | undefined;
  lifetime?: string | undefined;
  bid?: number | undefined;
  maxWorkers?: number | undefined;
  lease?: string | undefined;
  keepFor?: string | undefined;
}

/** Flag of each member, for messages. */
const NAMES: Record<keyof RentFlags, string> = {
  provider: '--provider',
  region: '--region',
  market: '--market',
  spot: '--spot',
  maxPrice: '--max-price',
  allowUnknownPrice: '--allow-unknown-price',
  disk: '--disk',
  workload: '--workload',
  minReliability: '--min-reliability',
  verified: '--verified',
  country: '--country',
  notCountry: '--not-country',
  minCpus: '--min-cpus',
  minMemory: '--min-memory',
  minDown: '--min-down',
  minUp: '--min-up',
  minCuda: '--min-cuda',
  minDriver: '--min-driver',
  maxCost: '--max-cost',
  image: '--image',
  lifetime: '--lifetime',
  bid: '--bid',
  maxWorkers: '--max-workers',
  lease: '--lease',
  keepFor: '--keep-for',
};

/** Those that were given, by name. */
export function givenRentFlags(flags: RentFlags): string[] {
  return (Object.keys(NAMES) as (keyof RentFlags)[]).filter((key) => flags[key] !== undefined).map((key) => NAMES[key]);
}

/** From the create call until a machine can be worked with, at the most; its lifetime has begun by then. */
const START_UP_S = 3600;

export const RENT_DEFAULTS = { diskGb: 200, lifetime: '4h', maxWorkers: 4, lease: '30m', keepFor: '8h' } as const;

/** Where the defaults of flags come from. */
export interface RentSettings {
  cloud: CloudDefaults;
  /** Sections of providers, as they are written. */
  providers: Readonly<Record<string, unknown>>;
}

/**
 * The limits of a run on rented machines: flags, then `cloud:` of the settings, then defaults.
 * @param o.site providers that the site names; null: every one
 * @param o.keeps what is left up for `keepS`: nothing; a machine as soon as it runs; or one on which a run has worked before. It lives as long
 *   as that takes. Default: nothing
 * @throws BenchError `BENCH_USAGE`
 */
export function askedCloud(
  flags: RentFlags,
  o: { site: readonly string[] | null; settings: RentSettings; keeps?: 'nothing' | 'machine' | 'run' | undefined },
): AskedCloud {
  const { cloud } = o.settings;
  if (flags.spot && flags.market !== undefined) throw bad('--spot is --market spot: leave one of them out');
  const named = flags.provider ?? cloud.provider;
  const providers =
    o.site !== null && named !== undefined && flags.provider !== undefined ? both(o.site, named) : (o.site ?? named ?? null);
  const cuda = flags.minCuda ?? cloud.min_cuda;
  const driver = flags.minDriver ?? cloud.min_driver;
  const criteria = {
    minReliability: flags.minReliability ?? cloud.min_reliability,
    verified: flags.verified ?? cloud.verified,
    countries: codes('--country', flags.country ?? cloud.country),
    notCountries: codes('--not-country', flags.notCountry ?? cloud.not_country),
    minCpus: flags.minCpus ?? cloud.min_cpus,
    minMemoryGb: flags.minMemory ?? cloud.min_memory,
    minDownMbps: flags.minDown ?? cloud.min_down,
    minUpMbps: flags.minUp ?? cloud.min_up,
    minCuda: cuda,
    minDriver: driver,
  };
  return {
    providers: providers === null ? null : [...providers],
    regions: flags.region ?? cloud.region ?? [],
    markets: flags.spot ? ['spot'] : (flags.market ?? cloud.market ?? ['on-demand']),
    maxPriceUsdPerHour: flags.maxPrice ?? cloud.max_price ?? null,
    allowUnknownPrice: flags.allowUnknownPrice ?? cloud.allow_unknown_price ?? false,
    maxCostUsd: flags.maxCost ?? cloud.max_cost ?? null,
    diskGb: flags.disk ?? cloud.disk ?? RENT_DEFAULTS.diskGb,
    image: flags.image ?? cloud.image ?? null,
    bidUsdPerHour: flags.bid ?? cloud.bid ?? null,
    workload: flags.workload ?? cloud.workload ?? defaultWorkload(providers, o.settings),
    criteria: Object.fromEntries(Object.entries(criteria).filter(([, value]) => value !== undefined)),
    maxWorkers: flags.maxWorkers ?? cloud.max_workers ?? RENT_DEFAULTS.maxWorkers,
    leaseS: seconds(flags.lease ?? cloud.lease ?? RENT_DEFAULTS.lease),
    ...timesOf(flags, cloud, o.keeps ?? 'nothing'),
  };
}

const seconds = (text: string) => Math.round(parseDuration(text) / 1000);

/** The two agree: a machine that is kept lives until then; a lifetime that was asked for is a limit, and nothing is kept beyond it. */
function timesOf(flags: RentFlags, cloud: CloudDefaults, keeps: 'nothing' | 'machine' | 'run'): { maxLifetimeS: number; keepS: number } {
  const lifetime = flags.lifetime ?? cloud.lifetime;
  const keepFor = flags.keepFor ?? cloud.keep_for;
  const maxLifetimeS = seconds(lifetime ?? RENT_DEFAULTS.lifetime);
  const keepS = seconds(keepFor ?? RENT_DEFAULTS.keepFor);
  if (keeps === 'nothing') return { maxLifetimeS, keepS };
  if (lifetime === undefined) {
    const before = keeps === 'machine' ? START_UP_S : maxLifetimeS;
    return { maxLifetimeS: Math.max(maxLifetimeS, keepS + before), keepS };
  }
  if (keepFor !== undefined && maxLifetimeS < keepS)
    throw bad(
      `kept for ${keepFor}, a machine would live longer than ${lifetime}, which is its lifetime`,
      'a longer --lifetime (lifetime of the settings), or a shorter --keep-for (keep_for)',
    );
  return { maxLifetimeS, keepS: Math.min(keepS, maxLifetimeS) };
}

/** vast rents containers; virtual machines only where its settings say so. */
function defaultWorkload(providers: readonly string[] | null, settings: RentSettings): 'vm' | 'container' {
  const vast = settings.providers['vast'] as { vm?: unknown } | undefined;
  return providers?.length === 1 && providers[0] === 'vast' && vast?.vm !== true ? 'container' : 'vm';
}

function both(site: readonly string[], flag: readonly string[]): readonly string[] {
  const left = flag.filter((name) => site.includes(name));
  if (left.length > 0) return left;
  throw bad(`--provider ${flag.join(', ')} contradicts the site ${site.join(', ')}`, '--on cloud takes any provider');
}

/** Those of the settings were looked at before. */
function codes(flag: string, countries: readonly string[] | undefined): string[] | undefined {
  return countries?.map((text) => {
    const code = countryCode(text);
    if (code === null) throw bad(`${flag}: no country is called "${text}"`, countryHint(text));
    return code;
  });
}

const bad = (message: string, hint?: string) => new BenchError({ code: 'BENCH_USAGE', message, hint, exitCode: EXIT.usage });
