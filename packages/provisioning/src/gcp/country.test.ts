import { expect, it } from 'vitest';
import { countryOf } from './country.ts';
import { gcpStage, offersOf } from './testing.ts';

it.each([
  ['us-central1', 'US'],
  ['us-west8', 'US'],
  ['europe-west1', 'BE'],
  ['europe-west10', 'DE'],
  ['europe-west12', 'IT'],
  ['asia-southeast1', 'SG'],
  ['northamerica-northeast2', 'CA'],
  // Its neighbours are in several countries.
  ['europe-west99', null],
  // asia-south is all India, and no part of its name.
  ['asia-south2', 'IN'],
  ['asia-southeast99', null],
  ['us', null],
  ['mars-west1', null],
])('%s is in %s', (region, country) => {
  expect(countryOf(region)).toBe(country);
});

it('every offer says where it is', async () => {
  const stage = await gcpStage({}, {});
  try {
    const offers = await offersOf(stage.provider, { gpu: 'L4', count: 1 });
    expect(offers.length).toBeGreaterThan(0);
    for (const { region, country } of offers) expect([region, country]).toEqual([region, countryOf(region)]);
    expect(offers.map(({ country }) => country)).toContain('US');
  } finally {
    await stage.close();
  }
});
