import { expect, it } from 'vitest';
import { expectedPrice, rankOffers } from './rank-offers.ts';
import { sampleOffer, wanted } from './testing/samples.ts';

const spot = (more = {}) => sampleOffer({ market: 'spot', ...more });
const reasons = (...args: Parameters<typeof rankOffers>) => rankOffers(...args).refused.map(({ offer, reason }) => [offer.id, reason]);

it('who bids pays the bid and the disk, and only where offers are sold by bid', () => {
  const byBid = spot({ id: 'bid', priceUsdPerHour: 1.65 + 0.1, minBidUsdPerHour: 1.5, pricedBidUsdPerHour: 1.65 });
  expect(expectedPrice(byBid, { bidUsdPerHour: null, diskGb: 100 })).toBeCloseTo(1.75);
  expect(expectedPrice(byBid, { bidUsdPerHour: 1.5, diskGb: 100 })).toBeCloseTo(1.6);
  expect(expectedPrice(byBid, { bidUsdPerHour: 3, diskGb: 100 })).toBeCloseTo(3.1);
  expect(expectedPrice(spot({ priceUsdPerHour: 2 }), { bidUsdPerHour: 3, diskGb: 100 })).toBe(2);
  expect(expectedPrice(sampleOffer({ priceUsdPerHour: 2 }), { bidUsdPerHour: 3, diskGb: 100 })).toBe(2);
});

it('a bid of at least what is asked for fits, though the offer itself was reckoned with more; a lower one does not', () => {
  const offers = [spot({ id: 'bid', priceUsdPerHour: 1.75, minBidUsdPerHour: 1.5, pricedBidUsdPerHour: 1.65 })];
  const markets = ['spot'] as const;
  expect(rankOffers(offers, wanted({ markets, bidUsdPerHour: 1.5 })).candidates).toHaveLength(1);
  expect(reasons(offers, wanted({ markets, bidUsdPerHour: 1.4 }))).toEqual([['bid', 'it asks for a bid of at least 1.5 $/h']]);
  expect(reasons(offers, wanted({ markets, bidUsdPerHour: 3, maxPriceUsdPerHour: 3 }))[0]?.[1]).toContain('it costs 3.1');
});

it('a bid makes no unknown price known', () => {
  const offers = [spot({ id: 'no-bids', priceUsdPerHour: null }), spot({ id: 'bid', priceUsdPerHour: null, minBidUsdPerHour: null })];
  const limits = wanted({ markets: ['spot'], bidUsdPerHour: 1, maxPriceUsdPerHour: 3 });
  expect(reasons(offers, limits)).toEqual([
    ['no-bids', 'its price is not known'],
    ['bid', 'its price is not known'],
  ]);
});

it('of what has no price the smallest comes first, whatever it is called', () => {
  const gpu = (count: number, memoryGb: number) => ({
    id: 'H200',
    name: 'H200',
    vendor: 'nvidia' as const,
    count,
    memoryGb,
    formFactor: null,
  });
  const of = (id: string, memoryGb: number, gpuGb: number) => sampleOffer({ id, priceUsdPerHour: null, memoryGb, gpu: gpu(2, gpuGb) });
  const offers = [of('a', 64, 282), of('b', 512, 141), of('c', 256, 141), sampleOffer({ id: 'priced', priceUsdPerHour: 2 })];
  const { candidates } = rankOffers(offers, wanted({ maxPriceUsdPerHour: 3, allowUnknownPrice: true }));
  expect(candidates.map(({ id }) => id)).toEqual(['priced', 'c', 'b', 'a']);
});

it('where no GPU is wanted nothing of an unknown price is rented', () => {
  const offers = [sampleOffer({ id: 'huge', priceUsdPerHour: null }), sampleOffer({ id: 'small', priceUsdPerHour: 0.1, gpu: null })];
  for (const maxPriceUsdPerHour of [3, null]) {
    const { candidates, refused } = rankOffers(offers, wanted({ gpu: null, maxPriceUsdPerHour, allowUnknownPrice: true }));
    expect(candidates.map(({ id }) => id)).toEqual(['small']);
    expect(refused.map(({ reason }) => reason)).toEqual(['its price is not known']);
  }
});

it('a disk that bills beside its machine counts: in the price, in the order, and under a limit; one of an unknown price does not', () => {
  const beside = { diskInPrice: false, priceSource: { kind: 'user', name: 'list', at: '2026-01-01T00:00:00.000Z' } } as const;
  // 100 GB at $7.30 a month of 730 hours are a dollar an hour.
  const dear = sampleOffer({ id: 'beside', priceUsdPerHour: 2, storageUsdPerGbMonth: 7.3, ...beside });
  const unknown = sampleOffer({ id: 'unknown', priceUsdPerHour: 2.6, ...beside });
  const within = sampleOffer({ id: 'within', priceUsdPerHour: 2.5, ...beside, diskInPrice: true });
  const want = wanted({ diskGb: 100 });
  expect(expectedPrice(dear, want)).toBeCloseTo(3);
  expect(expectedPrice({ ...dear, market: 'spot', minBidUsdPerHour: 2 }, { ...want, bidUsdPerHour: 4 })).toBeCloseTo(5);
  expect(expectedPrice(unknown, want)).toBe(2.6);
  const offers = [dear, unknown, within];
  expect(rankOffers(offers, { ...want, maxPriceUsdPerHour: null }).candidates.map(({ id }) => id)).toEqual(['within', 'unknown', 'beside']);
  const limited = { ...want, maxPriceUsdPerHour: 2.9 };
  expect(reasons(offers, limited)).toEqual([['beside', 'it costs 3 $/h']]);
});
