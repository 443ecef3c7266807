import type { Offer } from '@bench/provisioning';
import { expect, it } from 'vitest';
import { offerPrice } from './money.ts';
import { OFFER_HEADER, offerRow } from './offer-rows.ts';

const LIMITS = { diskGb: 100, bidUsdPerHour: null };
const where = (place: Pick<Offer, 'region' | 'zone' | 'country'>) => {
  const offer = { ...place, gpu: null, market: 'on-demand', priceSource: { kind: 'live' } } as unknown as Offer;
  return offerRow({ ...offer, priceUsdPerHour: 1, cpus: null, memoryGb: null, availability: 'available' }, LIMITS)[
    OFFER_HEADER.indexOf('WHERE')
  ];
};

it('says the country of an offer once', () => {
  expect(where({ region: 'Quebec, CA', zone: null, country: 'CA' })).toBe('Quebec, CA');
  expect(where({ region: 'us-east', zone: 'us-east-1', country: 'US' })).toBe('us-east-1 (US)');
  expect(where({ region: 'us-east', zone: null, country: null })).toBe('us-east');
});

it('a price is with the disk, or says that it is without one that bills beside the machine', () => {
  const price = (more: Partial<Offer>) => offerPrice({ priceUsdPerHour: 1, storageUsdPerGbMonth: null, ...more } as Offer, LIMITS);
  expect(price({})).toBe('$1.00/h');
  expect(price({ diskInPrice: false })).toBe('$1.00/h + disk');
  // 100 GB at $7.30 a month of 730 hours are a dollar an hour.
  expect(price({ diskInPrice: false, storageUsdPerGbMonth: 7.3 })).toBe('$2.00/h');
  expect(price({ diskInPrice: false, priceUsdPerHour: null })).toBe('unknown');
});
