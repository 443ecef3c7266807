import { BenchError, createIo } from '@bench/core';
import { expect, it } from 'vitest';
import type { Capabilities, Provider } from '../contract/provider.ts';
import type { Offer } from '../contract/offer.ts';
import type { OpenProvider, OpenProviders } from '../core/open-providers.ts';
import { findOffers } from './find-offers.ts';
import { wanted } from './testing/samples.ts';

const WANTED = wanted({ count: 8, regions: ['nowhere-1'], markets: ['spot'] });

function provider(name: string, capabilities: Partial<Capabilities>, offers: () => Offer[]): OpenProvider {
  return {
    factory: { name, capabilities: { workloads: ['vm'], markets: ['spot'], ...capabilities } } as unknown as OpenProvider['factory'],
    provider: { offers: () => ReadableStream.from(offers()) } as unknown as Provider,
  };
}

it('says of every provider that has nothing why, and asks none that cannot have it', async () => {
  const asked: string[] = [];
  const list = [
    provider('bare', {}, () => (asked.push('bare'), [])),
    provider('boxes', { workloads: ['container'] }, () => (asked.push('boxes'), [])),
    provider('steady', { markets: ['on-demand'] }, () => (asked.push('steady'), [])),
    provider('broken', {}, () => {
      throw new BenchError({ code: 'BENCH_TEST', message: 'out of order' });
    }),
    provider('full', {}, () => [
      { provider: 'full', region: 'r', zone: null, market: 'spot', gpu: null, workloads: ['vm'] } as unknown as Offer,
    ]),
  ];
  const providers = { list, closed: [] } as unknown as OpenProviders;
  const found = await findOffers({ wanted: WANTED, providers, io: createIo() });
  expect(found.without.toSorted((a, b) => (a.provider < b.provider ? -1 : 1))).toEqual([
    { provider: 'bare', reason: 'it has no machine with 8× H200 in nowhere-1, spot' },
    { provider: 'boxes', reason: 'it rents no virtual machines' },
    { provider: 'steady', reason: 'it sells nothing of market spot' },
  ]);
  expect(found.errors.map(({ provider: name }) => name)).toEqual(['broken']);
  expect(found.refused.map(({ offer }) => offer.provider)).toEqual(['full']);
  expect(asked).toEqual(['bare']);
});
