import { GPUS } from '@bench/core';
import type { Offer } from '@bench/provisioning';
import { expect, it } from 'vitest';
import { sellersOf, sellerText } from './gpus.ts';

const l4 = GPUS.find(({ id }) => id === 'L4') as (typeof GPUS)[number];
const offer = (more: object): Offer =>
  ({
    provider: 'vast',
    market: 'on-demand',
    gpu: { id: 'L4', name: 'L4', count: 2 },
    priceUsdPerHour: 4,
    diskInPrice: true,
    ...more,
  }) as unknown as Offer;

it('a bid is told as a bid, beside the price', () => {
  const bid = { market: 'spot', minBidUsdPerHour: 0.8, priceUsdPerHour: 1 };
  const [vast, other] = sellersOf(l4, [
    offer({ provider: 'p', priceUsdPerHour: null }),
    offer(bid),
    offer({}),
    offer({ priceUsdPerHour: 3 }),
  ]);
  expect(vast).toMatchObject({
    fromUsdPerGpuHour: 1.5,
    markets: [
      { market: 'on-demand', byBid: false, fromUsdPerGpuHour: 1.5 },
      { market: 'spot', byBid: true, fromUsdPerGpuHour: 0.5 },
    ],
  });
  expect([vast, other].map((seller) => seller && sellerText(seller))).toEqual(['vast $1.50/h, spot by bid $0.50/h', 'p unknown']);
});
