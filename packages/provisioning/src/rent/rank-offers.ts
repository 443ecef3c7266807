import { diskUsdPerHour } from '@bench/core';
import type { Market, Offer, OfferCriteria } from '../contract/offer.ts';
import { wantedGpu } from './gpu.ts';
import type { Wanted } from './types.ts';

export interface RankedOffers {
  /** Best first. */
  candidates: Offer[];
  /** Why the others will not do, in words. */
  refused: { offer: Offer; reason: string }[];
}

/** What is taken at an equal price, first to last. */
const MARKETS: readonly Market[] = ['on-demand', 'reserved', 'spot', 'flex'];
const AVAILABILITY: readonly Offer['availability'][] = ['available', 'low', 'unknown'];
const UNAVAILABLE: Partial<Record<Offer['availability'], string>> = {
  none: 'sold out',
  'no-quota': 'the account has no quota for it',
  'no-balance': 'the account has not enough money for it',
};

/**
 * Pure. Checks every offer against all that is wanted, whatever its provider made of the query, and orders what is left: live prices before
 * those of a price list or of the user, unknown ones last, the smallest first; then by price of the whole machine with its disk; at an equal price on demand before reserved
 * before spot before flex, `available` before `low` before unknown, the more reliable one, and at last by provider, the
 * provider's own preference, and id, so that the order is always the same.
 */
export function rankOffers(offers: readonly Offer[], wanted: Wanted): RankedOffers {
  const gpu = wanted.gpu === null ? null : wantedGpu(wanted.gpu);
  const candidates: Offer[] = [];
  const refused: RankedOffers['refused'] = [];
  for (const offer of offers) {
    const reason =
      gpuReason(offer, wanted, gpu) ?? placeReason(offer, wanted) ?? priceReason(offer, wanted) ?? criteriaReason(offer, wanted);
    if (reason === null) candidates.push(offer);
    else refused.push({ offer, reason });
  }
  return { candidates: candidates.toSorted((a, b) => compare(a, b, wanted)), refused };
}

/**
 * What the machine will cost an hour with its disk: who bids pays what was bid. Null: not known. A disk that bills beside it, and whose price
 * nobody knows, is not in it (`diskUsdPerHour` of `@bench/core` is null then): it is the least.
 */
export function expectedPrice(offer: Offer, wanted: Pick<Wanted, 'bidUsdPerHour' | 'diskGb'>): number | null {
  const price = offer.priceUsdPerHour;
  if (price === null) return null;
  const beside = diskUsdPerHour({ ...offer, diskGb: wanted.diskGb }) ?? 0;
  const bid = bidOn(offer, wanted);
  if (bid === null) return price + beside;
  const least = offer.minBidUsdPerHour ?? 0;
  const disk = Math.max(0, price - (offer.pricedBidUsdPerHour ?? offer.minBidUsdPerHour ?? price));
  return Math.max(bid, least) + disk + beside;
}

/** Only where offers are sold by bid; elsewhere it is left aside. */
function bidOn(offer: Offer, { bidUsdPerHour }: Pick<Wanted, 'bidUsdPerHour'>): number | null {
  return offer.market === 'spot' && offer.minBidUsdPerHour !== undefined ? bidUsdPerHour : null;
}

function gpuReason(offer: Offer, wanted: Wanted, gpu: ReturnType<typeof wantedGpu> | null): string | null {
  if (gpu === null) return null;
  if (offer.gpu === null) return 'it has no GPU';
  if (!gpu.fits(offer.gpu)) return `its GPU is ${offer.gpu.id ?? offer.gpu.name}`;
  return offer.gpu.count === wanted.count ? null : `it has ${offer.gpu.count} GPUs`;
}

function placeReason(offer: Offer, wanted: Wanted): string | null {
  const { providers, regions, markets, workload, diskGb } = wanted;
  if (providers !== null && !providers.includes(offer.provider)) return `its provider is ${offer.provider}`;
  if (regions.length > 0 && !regions.includes(offer.region) && (offer.zone === null || !regions.includes(offer.zone)))
    return `it is in ${offer.zone ?? offer.region}`;
  if (!markets.includes(offer.market)) return `it is ${offer.market}`;
  if (!offer.workloads.includes(workload.kind)) return `it takes no workload of kind ${workload.kind}`;
  if (offer.diskGb !== null && offer.diskGb < diskGb) return `its disk has ${offer.diskGb} GB`;
  return UNAVAILABLE[offer.availability] ?? null;
}

function priceReason(offer: Offer, wanted: Wanted): string | null {
  const limit = wanted.maxPriceUsdPerHour;
  const bid = bidOn(offer, wanted);
  const least = offer.minBidUsdPerHour ?? null;
  if (bid !== null && least !== null && least > bid) return `it asks for a bid of at least ${least} $/h`;
  // Of any size, it could be the most expensive there is.
  if (wanted.gpu === null && offer.priceUsdPerHour === null) return 'its price is not known';
  if (limit === null) return null;
  const price = expectedPrice(offer, wanted);
  if (price !== null) return price > limit ? `it costs ${Number(price.toFixed(4))} $/h` : null;
  return wanted.allowUnknownPrice ? null : 'its price is not known';
}

function criteriaReason(offer: Offer, { criteria }: { criteria: OfferCriteria }): string | null {
  const least = (name: string, have: number | null, want: number | undefined, unit = ''): string | null =>
    want === undefined || (have !== null && have >= want)
      ? null
      : have === null
        ? `its ${name} is not known`
        : `its ${name} is ${have}${unit}`;
  const version = (name: string, have: string | null, want: string | undefined): string | null =>
    want === undefined || (have !== null && compareVersions(have, want) >= 0)
      ? null
      : have === null
        ? `its ${name} is not known`
        : `its ${name} is ${have}`;
  const country = (): string | null => {
    const { countries, notCountries } = criteria;
    if (countries === undefined && notCountries === undefined) return null;
    if (offer.country === null) return 'its country is not known';
    const named = (codes: readonly string[]) => codes.some((code) => code.toUpperCase() === offer.country?.toUpperCase());
    return (countries !== undefined && !named(countries)) || (notCountries !== undefined && named(notCountries))
      ? `it is in ${offer.country}`
      : null;
  };
  return (
    least('reliability', offer.reliability, criteria.minReliability) ??
    (criteria.verified === undefined || offer.verified === criteria.verified
      ? null
      : offer.verified
        ? 'it is verified'
        : 'it is not verified') ??
    country() ??
    least('number of CPUs', offer.cpus, criteria.minCpus) ??
    least('memory', offer.memoryGb, criteria.minMemoryGb, ' GB') ??
    least('download', offer.downMbps, criteria.minDownMbps, ' Mbit/s') ??
    least('upload', offer.upMbps, criteria.minUpMbps, ' Mbit/s') ??
    version('CUDA version', offer.cudaVersion, criteria.minCuda) ??
    version('driver', offer.driverVersion, criteria.minDriver)
  );
}

/** `12.10` is after `12.4`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0)) as [number[], number[]];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const priceClass = (offer: Offer): number => (offer.priceUsdPerHour === null ? 2 : offer.priceSource.kind === 'live' ? 0 : 1);

/** The less there is of it, the less it will cost: GPUs, their memory, the machine's. */
function bySize(a: Offer, b: Offer): number {
  const gpus = (a.gpu?.count ?? 0) - (b.gpu?.count ?? 0) || (a.gpu?.memoryGb ?? 0) - (b.gpu?.memoryGb ?? 0);
  return gpus || (a.memoryGb ?? Number.MAX_SAFE_INTEGER) - (b.memoryGb ?? Number.MAX_SAFE_INTEGER);
}

function compare(a: Offer, b: Offer, { diskGb }: Pick<Wanted, 'diskGb'>): number {
  const price = (offer: Offer) => expectedPrice(offer, { bidUsdPerHour: null, diskGb }) ?? 0;
  return (
    priceClass(a) - priceClass(b) ||
    price(a) - price(b) ||
    (a.priceUsdPerHour === null ? bySize(a, b) : 0) ||
    MARKETS.indexOf(a.market) - MARKETS.indexOf(b.market) ||
    AVAILABILITY.indexOf(a.availability) - AVAILABILITY.indexOf(b.availability) ||
    (b.reliability ?? -1) - (a.reliability ?? -1) ||
    byText(a.provider, b.provider) ||
    (a.preference ?? Number.MAX_SAFE_INTEGER) - (b.preference ?? Number.MAX_SAFE_INTEGER) ||
    byText(a.id, b.id)
  );
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
