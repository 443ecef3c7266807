import type { PointResult } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { measuredRun } from '../testing/measured-run.ts';
import { compareReports } from './compare-reports.ts';
import { repeatsToTell } from './to-tell.ts';
import { toTellSentences, toTellText } from './words.ts';

/** Runs of one point, each with the results of its repeats. */
const side = (name: string, ...runs: (readonly Partial<PointResult>[])[]) =>
  buildReport({
    runs: runs.map((repeats, i) =>
      measuredRun(
        `r${name}${i}`,
        repeats.map((result) => ({ result })),
      ),
    ),
  });
const throughputs = (...perS: number[]) => perS.map((each) => ({ scalars: { output_throughput: each }, distributions: {} }));
const failures = (...counts: number[]) =>
  counts.map((failed) => ({
    scalars: { error_ratio: failed / 50 },
    distributions: {},
    counts: { sent: 50, ok: 50 - failed, failed, cancelled: 0, warmup: 0 },
  }));
const metrics = (...sides: Parameters<typeof compareReports>) => compareReports(...sides).pairs[0]?.metrics ?? [];
const toTell = (...sides: Parameters<typeof compareReports>) => metrics(...sides)[0]?.toTell;

describe('what would tell', () => {
  // scipy 1.17.1: next(n for n in range(2, 10**6) if (stats.t.ppf(.975, 2*n-2) + stats.t.ppf(.9, 2*n-2)) * s / n**.5 <= tol), of (s, tol) below.
  // Of 20 000 pairs of 5 normal values of s = .02 each, stats.ttest_ind(y, x).confidence_interval(.95) lay within ±log(1.05) in 84 %.
  it.each([
    [0.02 * Math.SQRT2, Math.log(1.05), 5],
    [0.03 * Math.SQRT2, Math.log(1.05), 10],
    [0.3 * Math.SQRT2, 0.05, 758],
    [0.001, 0.05, 2],
    [0, 0.05, 2],
  ])('of a spread of %f and a tolerance of %f is %i a side', (spread, tolerance, repeats) => {
    expect(repeatsToTell(spread, tolerance)).toBe(repeats);
  });

  // The same with b, c = np.log(...); s = (b.var(ddof=1) + c.var(ddof=1))**.5; tol = np.log(1.05)
  it('is so many repeats, as they vary', () => {
    const base = side('b', throughputs(100, 110, 92, 104, 95));
    expect(toTell(base, side('c', throughputs(102, 93, 108, 99, 104)))).toEqual({ aSide: 38, of: 'repeats', why: 'spread' });
    expect(toTell(base, side('c', throughputs(50, 51, 50, 52, 50)))).toBeNull();
  });

  // Of the means of runs: b, c = [np.log(x).mean(axis=1) for x in ([[100, 101], [110, 111], [92, 93]], [[101, 102], [108, 110], [95, 96]])]
  it('is so many runs, where they are what varies', () => {
    const base = side('b', throughputs(100, 101), throughputs(110, 111), throughputs(92, 93));
    const candidate = side('c', throughputs(101, 102), throughputs(108, 110), throughputs(95, 96));
    expect(toTell(base, candidate)).toEqual({ aSide: 56, of: 'runs', why: 'spread' });
  });

  it('is taken from what was assumed, where a side was measured once', () => {
    expect(toTell(side('b', throughputs(100)), side('c', throughputs(102)))).toEqual({ aSide: 10, of: 'repeats', why: 'assumed' });
  });

  // p = failed of all; least r with hypot(p - lo, hi - p) * (1 + stats.norm.ppf(.9) / stats.norm.ppf(.975)) <= .01, where lo, hi =
  // stats.binomtest(p * 50 * r, 50 * r).proportion_ci(method='wilson'), of real counts
  it('of shares is also so many requests', () => {
    const none = failures(0, 0, 0, 0, 0);
    expect(toTell(side('b', none), side('c', none))).toEqual({ aSide: 13, of: 'repeats', why: 'spread' });
    const two = failures(1, 1, 1, 1, 1);
    expect(toTell(side('b', two), side('c', two))).toMatchObject({ aSide: 85, of: 'repeats' });
  });

  // scipy 1.17.1, by the line above from 990 000 on: 999368, and 1000665 of 15.43.
  it('is no number that is beyond all reason', () => {
    expect([repeatsToTell(15.42, 0.05), repeatsToTell(15.43, 0.05), repeatsToTell(0.1, 0)]).toEqual([999_368, null, null]);
    const wild = throughputs(1, 1e6, 1e12, 1e18, 1e24);
    const told = metrics(side('b', wild), side('c', wild));
    expect(told).toMatchObject([{ toTell: { aSide: null, of: 'repeats', why: 'too many' } }]);
    expect(toTellSentences(told)).toEqual(['Cannot be told: not even a million repeats a side would tell (Output tokens).']);
  });

  it('of many is said as a bound', () => {
    const said = (aSide: number) => toTellText({ toTell: { aSide, of: 'runs', why: 'spread' }, base: 1 });
    expect([999, 1000, 1001, 1_000_000].map(said)).toEqual([
      'at most about 999 runs a side would tell',
      'at most about 1,000 runs a side would tell',
      'at most about 10,000 runs a side would tell',
      'at most about 1,000,000 runs a side would tell',
    ]);
  });

  it('is nothing that repeats could do', () => {
    const base = side('b', throughputs(100, 100.1, 99.9, 100));
    expect(toTell(base, side('c', throughputs(104.9, 105, 105.1, 104.8)))).toMatchObject({ aSide: null, why: 'near tolerance' });
    expect(toTell(side('b', throughputs(0, 0)), side('c', throughputs(1, 2)))).toMatchObject({ aSide: null, why: 'base is zero' });
    const priceless = metrics(base, side('c', [{ scalars: { error_ratio: 0 }, distributions: {} }]));
    expect(priceless.map(({ name, base: from, candidate, toTell: needs }) => [name, from, candidate, needs?.why])).toEqual([
      ['output_throughput', 100, null, 'one side'],
      ['error_ratio', null, 0, 'one side'],
    ]);
    expect(toTellSentences(priceless)).toEqual([
      'Cannot be told: the candidate does not have it (Output tokens), the base does not have it (Errors).',
    ]);
  });
});
