import { describe, expect, it } from 'vitest';
import { differenceInterval, meanPart } from './difference.ts';
import { studentTTail } from './student-t.ts';

const a = [12.1, 11.4, 13.2, 12.8, 10.9];
const b = [13.9, 14.4, 12.7];

describe('the difference of two means', () => {
  // scipy 1.17.1: r = stats.ttest_ind(b, a, equal_var=False); r.df, r.pvalue, r.confidence_interval(.95), r.confidence_interval(.9)
  it('is Welch’s', () => {
    const [from, to] = [meanPart(a), meanPart(b)];
    const found = differenceInterval(to.mean - from.mean, [from, to]);
    expect(found.degrees).toBeCloseTo(4.679117785852586, 9);
    expect(found.p).toBeCloseTo(0.06482995462984151, 10);
    expect([found.low, found.high]).toEqual([expect.closeTo(-0.14600246696235342, 9), expect.closeTo(3.3193358002956854, 9)]);
    const narrower = differenceInterval(to.mean - from.mean, [from, to], 0.9);
    expect([narrower.low, narrower.high]).toEqual([expect.closeTo(0.23594184114019834, 9), expect.closeTo(2.9373914921931332, 9)]);
  });

  // v, d = np.array([.04, .01]), np.array([4, np.inf]); df = v.sum()**2 / (v**2 / d).sum(); stats.t.interval(.95, df, .5, v.sum()**.5); 2*stats.t.sf(.5/v.sum()**.5, df)
  it('takes a variance that is known', () => {
    const found = differenceInterval(0.5, [
      { variance: 0.04, degrees: 4 },
      { variance: 0.01, degrees: Infinity },
    ]);
    expect(found.degrees).toBeCloseTo(6.25, 12);
    expect([found.low, found.high]).toEqual([expect.closeTo(-0.04188447192792477, 9), expect.closeTo(1.0418844719279248, 9)]);
    expect(found.p).toBeCloseTo(0.0649421639827767, 9);
  });

  it('is normal where all variances are known, and a point where there are none', () => {
    const known = differenceInterval(1, [{ variance: 1, degrees: Infinity }]);
    expect([known.low, known.high]).toEqual([expect.closeTo(1 - 1.959964, 5), expect.closeTo(1 + 1.959964, 5)]);
    expect(differenceInterval(0, [])).toMatchObject({ low: 0, high: 0, p: 1 });
    expect(differenceInterval(2, [{ variance: 0, degrees: 4 }])).toMatchObject({ low: 2, high: 2, p: 0 });
    expect(() => meanPart([1])).toThrow(RangeError);
  });
});

// scipy 1.17.1: [stats.t.sf(t, d) for t, d in ((0, 3.7), (1.2, 3.7), (2.5, 7.31), (40, 2.2), (2, 1e6))]
it('the tail of Student’s t, also for fractions of a degree', () => {
  const tails = [
    [0, 3.7, 0.5],
    [1.2, 3.7, 0.15064618907593966],
    [2.5, 7.31, 0.019803780842347032],
    [40, 2.2, 0.00017115773828230282],
    [2, 1e6, 0.02275026692565962],
  ] as const;
  for (const [t, degrees, expected] of tails) expect(studentTTail(t, degrees) / expected).toBeCloseTo(1, 9);
});
