import { BenchError, type Io, messageOf } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { Offer, OfferQuery } from '../contract/offer.ts';
import type { OpenProvider, OpenProviders } from '../core/open-providers.ts';
import { wantedGpu } from './gpu.ts';
import { rankOffers, type RankedOffers } from './rank-offers.ts';
import type { RentEvent, Wanted } from './types.ts';

export interface FoundOffers extends RankedOffers {
  /** Providers that could not be asked, and why. */
  errors: { provider: string; error: BenchError }[];
  /** Providers that answered with nothing at all, and why, in words: `it rents no containers`. */
  without: { provider: string; reason: string }[];
}

/**
 * Asks all providers at once what they sell, and ranks the answers ({@link rankOffers}). One that fails is told by an event and in `errors`,
 * and does not stop the others.
 * @throws BenchError `BENCH_PROVIDER_UNKNOWN` for a provider of `wanted` that is not open; the signal's reason
 */
export async function findOffers(o: {
  wanted: Wanted;
  providers: OpenProviders;
  io: Io;
  signal?: AbortSignal;
  on?: ((event: RentEvent) => void) | undefined;
}): Promise<FoundOffers> {
  const { wanted, providers, io, signal = io.signal, on } = o;
  const asked = wanted.providers?.map((name) => providers.get(name)) ?? providers.list;
  const query = queryOf(wanted);
  const found: FoundOffers = { candidates: [], refused: [], errors: [], without: [] };
  const all: Offer[] = [];
  await Promise.all(
    asked.map(async (open) => {
      const { name } = open.factory;
      const offers: Offer[] = [];
      const error = await collect(open, query, offers, signal);
      signal.throwIfAborted();
      if (error) found.errors.push({ provider: name, error });
      else if (offers.length === 0) found.without.push({ provider: name, reason: cannot(open, query) ?? nothingLike(query) });
      all.push(...offers);
      on?.({ type: 'offers', provider: name, found: offers.length, fitting: rankOffers(offers, wanted).candidates.length, error });
    }),
  );
  return { ...found, ...rankOffers(all, wanted) };
}

const KINDS: Readonly<Record<OfferQuery['workload'], string>> = { vm: 'virtual machines', container: 'containers', batch: 'queue time' };

/** Why a provider need not be asked; null: it may have it. */
function cannot({ factory: { capabilities } }: OpenProvider, { workload, markets }: OfferQuery): string | null {
  if (!capabilities.workloads.includes(workload)) return `it rents no ${KINDS[workload]}`;
  return markets.some((market) => capabilities.markets.includes(market)) ? null : `it sells nothing of market ${markets.join(' or ')}`;
}

function nothingLike({ gpu, count, regions, markets }: OfferQuery): string {
  const machine = gpu === null ? 'machine' : `machine with ${count ?? 1}× ${gpu}`;
  return `it has no ${machine}${regions.length === 0 ? '' : ` in ${regions.join(' or ')}`}, ${markets.join(' or ')}`;
}

/** What was offered before it failed is kept. */
async function collect(open: OpenProvider, query: OfferQuery, offers: Offer[], signal: AbortSignal): Promise<BenchError | null> {
  const { name, capabilities } = open.factory;
  if (cannot(open, query) !== null) return null;
  const markets = query.markets.filter((market) => capabilities.markets.includes(market));
  try {
    for await (const offer of open.provider.offers({ ...query, markets }, { signal })) offers.push(offer);
    return null;
  } catch (error) {
    if (BenchError.is(error)) return error;
    return providerError({
      kind: 'transient',
      provider: name,
      op: 'offers',
      message: `offers could not be read: ${messageOf(error)}`,
      cause: error,
    });
  }
}

function queryOf(wanted: Wanted): OfferQuery {
  return {
    gpu: wanted.gpu === null ? null : wantedGpu(wanted.gpu).query,
    count: wanted.gpu === null ? null : wanted.count,
    workload: wanted.workload.kind,
    markets: wanted.markets,
    regions: wanted.regions,
    diskGb: wanted.diskGb,
    criteria: wanted.criteria,
  };
}
