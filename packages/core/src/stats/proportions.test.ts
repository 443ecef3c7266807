import { expect, it } from 'vitest';
import { proportionDifference, proportionInterval } from './proportions.ts';

// scipy 1.17.1: [stats.binomtest(k, n).proportion_ci(method='wilson') for k, n in ((0, 1280), (5, 100), (100, 100))]
it.each([
  [0, 1280, 0, 0.0029921598140496236],
  [5, 100, 0.021543679154367973, 0.11175046923191914],
  [100, 100, 0.9630065017930143, 1],
])('%i of %i', (count, total, low, high) => {
  expect(proportionInterval(count, total)).toEqual({
    estimate: count / total,
    low: expect.closeTo(low, 6) as number,
    high: expect.closeTo(high, 6) as number,
  });
});

// With l, u = the above of each: d = p2 - p1; d - ((p2 - l2)**2 + (u1 - p1)**2)**.5, d + ((u2 - p2)**2 + (p1 - l1)**2)**.5.
it.each([
  [29, 263, 56, 70, 0.5731075962186128, 0.7732241869162839],
  [0, 1280, 0, 1280, -0.0029921598140496236, 0.0029921598140496236],
  [0, 100, 5, 100, 0.0033279408461571736, 0.11175046923191914],
])('from %i of %i to %i of %i', (k, n, l, m, low, high) => {
  const found = proportionDifference({ count: k, total: n }, { count: l, total: m });
  expect(found).toEqual({ estimate: l / m - k / n, low: expect.closeTo(low, 6) as number, high: expect.closeTo(high, 6) as number });
});

it('says nothing of nothing', () => {
  expect(proportionInterval(0, 0)).toBeNull();
  expect(proportionDifference({ count: 0, total: 0 }, { count: 1, total: 2 })).toBeNull();
});
