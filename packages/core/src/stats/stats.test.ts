import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../prng.ts';
import { bootstrapInterval, meanInterval, percentile, percentileOfSorted, summarize } from './index.ts';
import { studentTQuantile } from './student-t.ts';

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });
const sample = fc.array(finite, { minLength: 1, maxLength: 60 });

describe('percentile', () => {
  // numpy 2.4.6: [float(np.percentile([15, 20, 35, 40, 50], q)) for q in (0, 5, 30, 40, 50, 99.9, 100)]; by hand, 5 %: rank 0.2, 15 + 0.2·5.
  it('is numpy’s default', () => {
    expect([0, 5, 30, 40, 50, 99.9, 100].map((q) => percentile([50, 15, 40, 20, 35], q))).toEqual([
      15,
      16,
      23,
      29,
      35,
      expect.closeTo(49.96, 10),
      50,
    ]);
  });

  // numpy 2.4.6: [float(np.percentile([3.5, -1, 7.25, 0, 7.25, 100], q)) for q in (1, 10, 25, 50, 75, 90, 99)]
  it('takes unsorted values with ties', () => {
    const expected = [-0.95, -0.5, 0.875, 5.375, 7.25, 53.625, 95.3625];
    [1, 10, 25, 50, 75, 90, 99].forEach((q, i) =>
      expect(percentile([3.5, -1, 7.25, 0, 7.25, 100], q)).toBeCloseTo(expected[i] as number, 9),
    );
  });

  it('knows its edges', () => {
    expect(percentile([], 50)).toBeNaN();
    expect(percentile([7], 99.9)).toBe(7);
    expect(percentile([1, Infinity, Infinity], 75)).toBe(Infinity);
  });

  it('stays within the sample, grows with q, and does not touch its input', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true }), (values, p, q) => {
        const before = [...values];
        const [low, high] = [percentile(values, Math.min(p, q)), percentile(values, Math.max(p, q))];
        expect(low).toBeLessThanOrEqual(high + 1e-6);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        expect(values).toEqual(before);
      }),
    );
  });
});

describe('summarize', () => {
  it('has the population’s standard deviation', () => {
    expect(summarize([2, 4, 4, 4, 5, 5, 7, 9])).toMatchObject({ count: 8, mean: 5, std: 2, min: 2, max: 9, p50: 4.5 });
    expect(summarize([])).toBeNull();
  });

  it('agrees with percentile and orders its figures', () => {
    fc.assert(
      fc.property(sample, (values) => {
        const s = summarize(values);
        if (!s) throw new Error('a sample has a summary');
        expect([s.p50, s.p75, s.p90, s.p95, s.p99, s.p999]).toEqual([50, 75, 90, 95, 99, 99.9].map((q) => percentile(values, q)));
        expect(s.min <= s.p50 && s.p50 <= s.max && s.std >= 0).toBe(true);
      }),
    );
  });
});

describe('Student t', () => {
  // The printed table of two-sided critical values (for example NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2), 3 decimals.
  it.each([
    [1, 6.314, 12.706, 63.657],
    [2, 2.92, 4.303, 9.925],
    [3, 2.353, 3.182, 5.841],
    [4, 2.132, 2.776, 4.604],
    [5, 2.015, 2.571, 4.032],
    [9, 1.833, 2.262, 3.25],
    [10, 1.812, 2.228, 3.169],
    [20, 1.725, 2.086, 2.845],
    [30, 1.697, 2.042, 2.75],
    [60, 1.671, 2.0, 2.66],
    [100, 1.66, 1.984, 2.626],
  ])('%i degrees', (degrees, at90, at95, at99) => {
    expect([0.05, 0.025, 0.005].map((tail) => Number(studentTQuantile(tail, degrees).toFixed(3)))).toEqual([at90, at95, at99]);
  });

  // scipy 1.17.1, stats.t.ppf; one degree has the closed form tan(π(1/2 − tail)).
  it('is exact to ten digits, also far out and for huge samples', () => {
    const close = (actual: number, expected: number) => expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-10);
    close(studentTQuantile(0.025, 1), 12.706204736174694);
    close(studentTQuantile(0.005, 3), 5.840909309733355);
    close(studentTQuantile(0.025, 120), 1.9799304050824402);
    close(studentTQuantile(0.025, 1e6), 1.959966356814107);
    for (const tail of [0.4, 0.1, 1e-3, 1e-6]) close(studentTQuantile(tail, 1), Math.tan(Math.PI * (0.5 - tail)));
    expect(studentTQuantile(0.5, 7)).toBe(0);
  });

  it('has no value outside its domain', () => {
    for (const [tail, degrees] of [
      [0, 5],
      [0.6, 5],
      [0.1, 0],
      [Number.NaN, 3],
    ] as const)
      expect(studentTQuantile(tail, degrees)).toBeNaN();
  });
});

describe('meanInterval', () => {
  // scipy 1.17.1: stats.t.interval(c, 4, np.mean(x), stats.sem(x)) of these five values.
  it('agrees with scipy', () => {
    const x = [12.1, 11.4, 13.2, 12.8, 10.9];
    expect(meanInterval(x)).toEqual({
      estimate: expect.closeTo(12.08, 12),
      low: expect.closeTo(10.897482075238237, 9),
      high: expect.closeTo(13.262517924761763, 9),
    });
    expect(meanInterval(x, 0.99)).toEqual({
      estimate: expect.closeTo(12.08, 12),
      low: expect.closeTo(10.119066321721059, 9),
      high: expect.closeTo(14.040933678278941, 9),
    });
  });

  it('needs two values, and is a point when they are equal', () => {
    expect([meanInterval([]), meanInterval([3])]).toEqual([null, null]);
    expect(meanInterval([3, 3, 3])).toEqual({ estimate: 3, low: 3, high: 3 });
  });

  it('covers the mean about as often as it says', () => {
    const random = prng(7);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    let covered = 0;
    for (let i = 0; i < 2000; i++) {
      const interval = meanInterval(Array.from({ length: 5 }, normal), 0.9);
      if (interval && interval.low <= 0 && interval.high >= 0) covered++;
    }
    // 1800 expected, standard deviation 13.4.
    expect(covered).toBeGreaterThan(1740);
    expect(covered).toBeLessThan(1860);
  });
});

describe('bootstrapInterval', () => {
  const median = (sorted: Float64Array) => percentileOfSorted(sorted, 50);

  it('holds its estimate, repeats itself, and widens with confidence', () => {
    const random = prng(3);
    const values = Array.from({ length: 200 }, () => random.next() * 100);
    const at95 = bootstrapInterval(values, median);
    expect(bootstrapInterval(values, median)).toEqual(at95);
    const at50 = bootstrapInterval(values, median, { confidence: 0.5 });
    if (!at95 || !at50) throw new Error('two values are enough');
    expect(at95.estimate).toBe(percentile(values, 50));
    expect(at95.low < at50.low && at50.low <= at50.estimate && at50.estimate <= at50.high && at50.high < at95.high).toBe(true);
  });

  it('is near the t interval for the mean of a well-behaved sample', () => {
    const random = prng(11);
    const values = Array.from({ length: 400 }, () => random.next());
    const mean = (sorted: Float64Array) => sorted.reduce((a, b) => a + b, 0) / sorted.length;
    const boot = bootstrapInterval(values, mean);
    const t = meanInterval(values);
    expect(boot?.low).toBeCloseTo(t?.low as number, 2);
    expect(boot?.high).toBeCloseTo(t?.high as number, 2);
  });

  it('needs two values', () => {
    expect(bootstrapInterval([1], median)).toBeNull();
  });
});
