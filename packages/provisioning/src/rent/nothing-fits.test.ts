import { BenchError } from '@bench/core';
import { describe, expect, it } from 'vitest';
import type { Offer } from '../contract/offer.ts';
import { nothingFits, refusalReasons, toldReasons } from './nothing-fits.ts';
import { wanted } from './testing/samples.ts';

const WANTED = wanted({ count: 8, maxPriceUsdPerHour: 30 });
const refused = (provider: string, ...reasons: string[]) => reasons.map((reason) => ({ offer: { provider } as Offer, reason }));
const nothing = { refused: [], errors: [], without: [] };

describe('reasons', () => {
  it('are counted, and those that are too dear are one', () => {
    const all = refused('a', 'it costs 31.5 $/h', 'sold out', 'it costs 40 $/h', 'it costs 40 $/h');
    expect(refusalReasons(all)).toEqual([
      { reason: 'it costs 31.5 $/h or more', count: 3 },
      { reason: 'sold out', count: 1 },
    ]);
    expect(refusalReasons(refused('a', 'it costs 4 $/h', 'it costs 4 $/h'))).toEqual([{ reason: 'it costs 4 $/h', count: 2 }]);
  });

  it('that are not told are told of', () => {
    const reasons = Array.from({ length: 12 }, (_, n) => ({ reason: `r${n}`, count: 2 }));
    const line = (reason: string, count: number) => `${count}: ${reason}`;
    expect(toldReasons(reasons, { most: 3, line })).toEqual(['2: r0', '2: r1', '2: r2', '18: 9 other reasons']);
    expect(toldReasons(reasons.slice(0, 4), { most: 3, line })).toEqual(['2: r0', '2: r1', '2: r2', '2: r3']);
  });
});

describe('that nothing fits', () => {
  it('is told with every provider and every reason', () => {
    const error = nothingFits({
      wanted: WANTED,
      found: {
        refused: refused('vast', 'sold out', 'sold out', 'it is in US'),
        errors: [{ provider: 'acme', error: new BenchError({ code: 'BENCH_TEST', message: 'acme: out of order' }) }],
        without: [{ provider: 'cloudrift', reason: 'it rents no containers' }],
      },
      closed: [{ name: 'gcp', title: 'Google Cloud', reason: 'no project', hint: 'set one', error: null }],
    });
    expect(error).toMatchObject({ code: 'BENCH_NO_OFFER', exitCode: 4 });
    expect(error.message.split('\n  ')).toEqual([
      'nobody offers 8× H200 within the limits',
      '2 offers: sold out',
      '1 offer: it is in US',
      'acme: out of order',
      'cloudrift: it rents no containers',
      'gcp was not asked: no project',
    ]);
  });

  it.each([
    [
      'a price without a name',
      { found: { ...nothing, refused: refused('vast', 'its price is not known') } },
      /^--allow-unknown-price takes .*limit$/m,
    ],
    [
      'one that the settings may hold',
      { found: { ...nothing, refused: refused('gcp', 'its price is not known') } },
      /settings: providers\.gcp\.prices$/m,
    ],
    [
      'a machine without a GPU',
      { found: { ...nothing, refused: refused('gcp', 'its price is not known') }, wanted: { ...WANTED, gpu: null } },
      /only for a GPU that is named/,
    ],
    ['a limit on the price', { found: { ...nothing, refused: refused('a', 'it costs 31 $/h') } }, /^raise --max-price \(\$30\.00\/h\)$/m],
    [
      'a limit on what all costs',
      { found: { ...nothing, refused: refused('a', 'it costs 31 $/h') }, maxCostUsd: 5 },
      /^raise --max-cost: to start and to end a machine of \$30\.00\/h already takes \$5\.00$/m,
    ],
    ['a region that nobody has', { found: nothing, wanted: { ...WANTED, regions: ['nowhere'] } }, /none has an offer in nowhere/],
  ])('%s has its hint', (_, more, hint) => {
    expect(nothingFits({ wanted: WANTED, ...more }).hint).toMatch(hint);
  });
});
