import { prng } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { changePenalty } from './change-penalty.ts';
import { changePoints } from './change-points.ts';

/**
 * python3, numpy 2.4.6, scipy 1.17.1; every division of the series is tried:
 *
 *     y = np.log(x); n = len(y)
 *     def rss(c): e = [0, *c, n]; return sum(((y[a:b] - y[a:b].mean())**2).sum() for a, b in zip(e, e[1:]))
 *     ok = lambda c: all(b - a >= 2 for a, b in zip([0, *c], c))
 *     c = min((c for c in itertools.combinations(range(1, n), 2) if ok(c)), key=rss)             # (6, 10); of one cut (6,)
 *     s = np.sqrt((rss(c) + n * 1e-6) / (n - 3)); t = stats.t.ppf(.975, n - 3)
 *     a, b = y[0:6], y[6:10]                                                                       # and y[6:10], y[10:14]
 *     d = b.mean() - a.mean(); h = t * s * np.sqrt(1 / len(a) + 1 / len(b))
 *     np.exp(a.mean()), np.exp(b.mean()), np.expm1(d), np.expm1(d - h), np.expm1(d + h)
 */
const DOWN_AND_UP = [212.1, 208.4, 215, 210.7, 209.3, 213.6, 188.2, 191.5, 186.9, 190.3, 211.8, 207.7, 214.4, 209.9];

const noise = (seed: number) => {
  const random = prng(seed);
  return (sd: number) => Math.exp(sd * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()));
};

describe('change points', () => {
  it('of a series that went down and up again are as numpy and scipy say', () => {
    expect(changePoints(DOWN_AND_UP)).toEqual([
      {
        at: 6,
        before: expect.closeTo(211.50402791512403, 9),
        after: expect.closeTo(189.21655090233077, 9),
        change: expect.closeTo(-0.10537613506697455, 10),
        interval: { low: expect.closeTo(-0.12073056488516659, 10), high: expect.closeTo(-0.08975357524718522, 10) },
        unconfirmed: false,
      },
      {
        at: 10,
        before: expect.closeTo(189.21655090233077, 9),
        after: expect.closeTo(210.93561717000603, 9),
        change: expect.closeTo(0.11478417804416136, 10),
        interval: { low: expect.closeTo(0.0938422377915498, 10), high: expect.closeTo(0.13612705807253928, 10) },
        unconfirmed: false,
      },
    ]);
  });

  // numpy: 20 000 series and more of rng.standard_normal(n), every division by dynamic programming of its own (by hand for n < 8);
  // np.quantile(max over m of n*log(rss[0]/rss[m])/m, [.95, .99]).
  it.each([
    [3, 15.28, 24.89],
    [5, 10.94, 16.24],
    [7, 10.06, 14.54],
    [12, 9.67, 13.32],
    [24, 9.47, 12.88],
  ])('has the penalties that numpy finds for %i values', (n, first, further) => {
    const penalty = changePenalty(n);
    expect(Math.abs(penalty.first / first - 1)).toBeLessThan(0.07);
    expect(Math.abs(penalty.further / further - 1)).toBeLessThan(0.1);
  });

  it.each([3, 5, 8, 12, 20, 40])('are in about one in twenty series of %i runs in which nothing changed', (n) => {
    const next = noise(1000 + n);
    let marked = 0;
    for (let i = 0; i < 600; i++) if (changePoints(Array.from({ length: n }, () => 100 * next(0.02))).length > 0) marked++;
    // 30 expected, standard deviation 5.3.
    expect(marked).toBeLessThan(48);
  });

  it.each([
    [12, 6],
    [20, 10],
    [20, 15],
    [40, 20],
  ])('find a step of a tenth in noise of a fiftieth, in %i runs, at its place: %i', (n, at) => {
    const next = noise(n * 100 + at);
    let right = 0;
    for (let i = 0; i < 400; i++) {
      const found = changePoints(Array.from({ length: n }, (_, run) => (run < at ? 100 : 90) * next(0.02)));
      if (found.some((change) => change.at === at)) right++;
    }
    expect(right / 400).toBeGreaterThanOrEqual(0.95);
  });

  it('do not mark one odd run between others, and mark the newest as to be confirmed', () => {
    const even = [100, 101, 99.5, 100.4, 99.8, 100.9, 99.2, 100.1, 100.6, 99.7];
    expect(changePoints([...even.slice(0, 5), 70, ...even.slice(5)])).toEqual([]);
    expect(changePoints([...even, 85])).toMatchObject([{ at: 10, unconfirmed: true }]);
    expect(changePoints([...even, 85, 84.6])).toMatchObject([{ at: 10, unconfirmed: false }]);
    expect(changePoints([...even, 85, 100.3])).toEqual([]);
  });

  it('need three values, and take none for a change that agree to a tenth of a percent', () => {
    expect(changePoints([])).toEqual([]);
    expect(changePoints([1, 100])).toEqual([]);
    expect(changePoints([5, 5, 5, 5])).toEqual([]);
    expect(changePoints([0, 0, 0, 0])).toEqual([]);
    expect(changePoints([1000, 1000, 1000, 1000, 1000.5, 1000.5, 1000.5])).toEqual([]);
    expect(changePoints([1000, 1000, 1000, 1000, 980, 980, 980])).toMatchObject([{ at: 4, change: expect.closeTo(-0.02, 10) }]);
    expect(changePoints([1, Number.NaN, 3])).toEqual([]);
  });

  it('work on the figures themselves where some are nothing', () => {
    const [change] = changePoints([0, 0, 0, 0, 0.1, 0.11, 0.1, 0.09]);
    expect(change).toMatchObject({ at: 4, before: 0, after: expect.closeTo(0.1, 10), change: null, interval: null });
    const [less] = changePoints([0.2, 0.21, 0.19, 0.2, 0, 0, 0, 0]);
    expect(less).toMatchObject({ at: 4, change: expect.closeTo(-1, 10) });
  });

  it('look at the newest of very many', () => {
    const next = noise(5);
    const series = Array.from({ length: 150 }, (_, i) => (i < 40 ? 50 : i < 130 ? 100 : 120) * next(0.02));
    expect(changePoints(series).map(({ at }) => at)).toEqual([130]);
  });
});
