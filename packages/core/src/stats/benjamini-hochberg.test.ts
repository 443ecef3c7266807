import { expect, it } from 'vitest';
import { adjustedPValues } from './benjamini-hochberg.ts';

// scipy 1.17.1: stats.false_discovery_control([.01, .04, .03, .005, .6, .03], method='bh')
it('agrees with scipy', () => {
  const found = adjustedPValues([0.01, 0.04, 0.03, 0.005, 0.6, 0.03]);
  const expected = [0.03, 0.048, 0.045, 0.03, 0.6, 0.045];
  expect(found).toEqual(expected.map((p) => expect.closeTo(p, 12) as number));
  expect(adjustedPValues([])).toEqual([]);
  expect(adjustedPValues([0.7])).toEqual([0.7]);
});
