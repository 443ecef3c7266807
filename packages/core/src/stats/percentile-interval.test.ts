import { expect, it } from 'vitest';
import { prng } from '../prng.ts';
import { bootstrapInterval, carries, percentileInterval, percentileOfSorted } from './index.ts';

function exponential(n: number, seed: number): Float64Array {
  const random = prng(seed);
  return Float64Array.from({ length: n }, () => -Math.log(1 - random.next())).sort();
}

it.each([50, 75, 90, 95])('is what resampling gives, without its noise: p%i', (q) => {
  const sorted = exponential(400, q);
  const exact = percentileInterval(sorted, q);
  const drawn = bootstrapInterval([...sorted], (sample) => percentileOfSorted(sample, q), { resamples: 4000 });
  if (!exact || !drawn) throw new Error('400 values carry it');
  // By rank: neighbours may be far apart where values are few.
  const rank = (value: number) => sorted.findIndex((one) => one >= value);
  expect(Math.abs(rank(exact.low) - rank(drawn.low))).toBeLessThanOrEqual(2);
  expect(Math.abs(rank(exact.high) - rank(drawn.high))).toBeLessThanOrEqual(2);
});

it.each([
  [50, Math.LN2],
  [99, Math.log(100)],
])('holds the true p%i of as many samples as it says', (q, truth) => {
  const samples = 400;
  let held = 0;
  for (let seed = 0; seed < samples; seed++) {
    const found = percentileInterval(exponential(1200, seed), q);
    if (found && found.low <= truth && truth <= found.high) held += 1;
  }
  expect(held / samples).toBeGreaterThan(0.91);
  expect(held / samples).toBeLessThan(0.985);
});

it('holds the estimate, and widens with confidence', () => {
  const sorted = exponential(1000, 7);
  const [narrow, wide] = [percentileInterval(sorted, 90, 0.5), percentileInterval(sorted, 90, 0.99)];
  const estimate = percentileOfSorted(sorted, 90);
  expect([wide?.low, narrow?.low, estimate, narrow?.high, wide?.high]).toEqual(
    [wide?.low, narrow?.low, estimate, narrow?.high, wide?.high].toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  );
  expect(wide?.low).toBeLessThan(narrow?.low ?? 0);
});

it.each([
  [19, 50, false],
  [20, 50, true],
  [99, 90, false],
  [100, 90, true],
  [999, 99, false],
  [1000, 99, true],
  [100, 10, true],
  [10_000, 99.9, true],
])('%i values carry p%f: %s', (n, q, does) => {
  expect(carries(n, q)).toBe(does);
  expect(percentileInterval(new Float64Array(n).fill(3), q)).toEqual(does ? { low: 3, high: 3 } : null);
});
