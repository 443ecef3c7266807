import type { PointResult } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { measuredRun } from '../testing/measured-run.ts';
import { compareReports, type ComparedMetric } from './compare-reports.ts';
import { cautions } from './words.ts';

/** Runs of one point, each with the throughputs of its repeats; or with whole results. */
const side = (name: string, ...runs: (readonly (number | Partial<PointResult>)[])[]) =>
  buildReport({
    runs: runs.map((repeats, i) =>
      measuredRun(
        `r${name}${i}`,
        repeats.map((each) => ({ result: typeof each === 'number' ? throughput(each) : each })),
      ),
    ),
  });
const throughput = (perS: number): Partial<PointResult> => ({ scalars: { output_throughput: perS }, distributions: {} });

function metric(base: ReturnType<typeof side>, candidate: ReturnType<typeof side>, name = 'output_throughput'): ComparedMetric {
  const found = compareReports(base, candidate).pairs[0]?.metrics.find((each) => each.name === name);
  if (!found) throw new Error(`${name} was compared`);
  return found;
}

const close = (change: number, low: number, high: number) => ({
  change: expect.closeTo(change, 9) as number,
  low: expect.closeTo(low, 6) as number,
  high: expect.closeTo(high, 6) as number,
});

const BASE = [100, 104, 98, 101, 99];

describe('the change of a figure', () => {
  // numpy 2.4.6, scipy 1.17.1, of b, c = np.log([100, 104, 98, 101, 99]), np.log([109, 113, 107, 112, 106]):
  // r = stats.ttest_ind(c, b, equal_var=False); np.expm1([c.mean() - b.mean(), *r.confidence_interval(.95)]), r.pvalue
  it('is Welch’s of logarithms, over repeats', () => {
    const found = metric(side('b', BASE), side('c', [109, 113, 107, 112, 106]));
    expect(found.effect).toEqual({
      ...close(0.0895303305816665, 0.04958175958997492, 0.13099940086719267),
      p: expect.closeTo(0.0007979924129149918, 9) as number,
      // (b.var(ddof=1) + c.var(ddof=1))**.5
      spread: expect.closeTo(0.035974166026685926, 12) as number,
      from: 'repeats',
    });
    expect(found).toMatchObject({ base: 100.4, candidate: 109.4, verdict: 'better', better: 'higher' });
  });

  // v, d = np.array([b.var(ddof=1) / 5, .03**2]), np.array([4, np.inf]); df = v.sum()**2 / (v**2 / d).sum(); e = np.log(110) - b.mean()
  // np.expm1(e + np.array([0, -1, 1]) * stats.t.ppf(.975, df) * v.sum()**.5); and of 108 against 100: e = np.log(1.08), stats.norm.ppf(.975) * (2 * .03**2)**.5
  it('assumes how a single measurement varies', () => {
    expect(metric(side('b', BASE), side('c', [110])).effect).toMatchObject({
      ...close(0.0958459, 0.02966123, 0.16628481),
      change: expect.closeTo(0.0958459, 7) as number,
      from: 'assumed',
    });
    const alone = metric(side('b', [100]), side('c', [108]));
    expect(alone.effect).toMatchObject({ ...close(0.08, -0.00617405, 0.17364615), from: 'assumed' });
    expect(alone.verdict).toBe('cannot tell');
    const sure = compareReports(side('b', [100]), side('c', [108]), { betweenRuns: 0.01 });
    expect(sure.pairs[0]?.metrics[0]?.verdict).toBe('better');
  });

  // s = np.log(105 / 95) / (2 * 1.959964); stats.norm.ppf(.975) * (2 * (.03**2 + s**2))**.5 around np.log(1.2)
  it('adds what requests tell of a percentile', () => {
    const measured = (p50: number): Partial<PointResult> => ({
      scalars: {},
      distributions: {
        ttft_ms: { count: 100, mean: p50, std: 1, min: 1, max: 999, p50, p75: p50, p90: p50, p95: p50, p99: p50, p999: p50 },
      },
      intervals: { ttft_ms: { p50: { low: 0.95 * p50, high: 1.05 * p50 } } },
    });
    const found = metric(side('b', [measured(100)]), side('c', [measured(120)]), 'ttft_p50_ms');
    expect(found.effect).toMatchObject(close(0.2, 0.07586951, 0.33845228));
    expect(found.verdict).toBe('worse');
  });

  // Three runs of two: br = np.log([[100, 101], [104, 105], [97, 98]]).mean(1), cr = np.log([108, 109]).mean(); one variance for both sides:
  // (br.var(ddof=1) * (1/3 + 1))**.5 * stats.t.ppf(.975, 2). Against three: ttest_ind as above, of np.log([[108, 109], [112, 113], [105, 106]]).mean(1).
  it('takes runs instead of repeats where a side has three', () => {
    const base = side('b', [100, 101], [104, 105], [97, 98]);
    expect(metric(base, side('c', [108, 109])).effect).toMatchObject({
      ...close(0.07646891, -0.09426533, 0.27938716),
      change: expect.closeTo(0.07646891, 7) as number,
      from: 'runs',
    });
    const three = metric(base, side('c', [108, 109], [112, 113], [105, 106]));
    expect(three.effect).toMatchObject({ ...close(0.0794023111982382, 0.00027220623061606253, 0.16479228570255652), from: 'runs' });
    expect(compareReports(base, side('c', [108, 109])).pairs[0]).toMatchObject({ base: { repeats: 6, runs: ['rb0', 'rb1', 'rb2'] } });
  });

  // b, c = np.array([10, 10.2, 9.8, 10.1, 9.9]), np.array([0, 0, 0, 0, 1]); r = stats.ttest_ind(c, b, equal_var=False)
  // np.array([c.mean() - b.mean(), *r.confidence_interval(.95)]) / b.mean(), r.pvalue; and of np.zeros(5) likewise. No fall is deeper than -1.
  it('down to nothing is as sure as the difference of the means', () => {
    const base = side('b', [10, 10.2, 9.8, 10.1, 9.9]);
    const most = metric(base, side('c', [0, 0, 0, 0, 1]));
    expect(most.effect).toMatchObject({ ...close(-0.98, -1, -0.9254190638583083), from: 'repeats' });
    expect(most.effect?.p).toBeCloseTo(9.344193297880281e-8, 9);
    expect(most.verdict).toBe('worse');
    const all = metric(base, side('c', [0, 0, 0, 0, 0]));
    expect(all.effect).toMatchObject(close(-1, -1, -0.9803675683852244));
    expect(all).toMatchObject({ verdict: 'worse', candidate: 0 });
    expect(metric(side('b', [10]), side('c', [0])).effect).toMatchObject({ change: -1, from: 'assumed' });
    expect(metric(side('b', [10], [11], [10]), side('c', [0])).verdict).toBe('worse');
  });

  it('from what is mostly zero itself cannot be told', () => {
    expect(metric(side('b', [0, 0, 5, 0, 0]), side('c', [0, 0, 0, 0, 0])).verdict).toBe('cannot tell');
    expect(metric(side('b', [0, 0, 5, 0, 0]), side('c', [9, 0, 5, 30, 0])).verdict).toBe('cannot tell');
    expect(metric(side('b', [0, 5, 0]), side('c', [0], [0], [0])).verdict).toBe('cannot tell');
  });

  it('leaves out a repeat that lacks it, and says so', () => {
    const lacking = compareReports(side('b', BASE), side('c', [50, { scalars: {}, distributions: {} }, 51, 49]));
    expect(lacking.pairs[0]?.metrics).toMatchObject([
      { name: 'output_throughput', candidate: 50, verdict: 'worse', without: { base: 0, candidate: 1 } },
    ]);
    expect(cautions(lacking).join(' ')).toContain('it is of the others: Output tokens (candidate).');
  });

  it('of a cost shows what reports show', () => {
    const plan = { machine: { priceUsdPerHour: 36, priceSource: 'its owner' } };
    const run = (id: string, ...perS: number[]) => {
      const repeats = perS.map((each) => ({
        result: { scalars: { output_throughput: each, total_token_throughput: each }, distributions: {} },
      }));
      return buildReport({ runs: [measuredRun(id, repeats, plan)] });
    };
    // 36 dollars an hour are 0.01 a second, and the mean is 20 tokens a second.
    expect(metric(run('rb', 10, 30), run('rc', 20, 20), 'cost_per_mtok_total')).toMatchObject({
      base: expect.closeTo(500, 9) as number,
      candidate: expect.closeTo(500, 9) as number,
    });
  });

  it('of a base that is zero cannot be told', () => {
    const found = metric(side('b', [0, 0]), side('c', [1, 2]));
    expect(found).toMatchObject({ effect: null, verdict: 'cannot tell', base: 0, candidate: 1.5 });
  });
});

describe('the change of a share', () => {
  const failed = (count: number): Partial<PointResult> => ({
    scalars: { error_ratio: count / 50 },
    distributions: {},
    counts: { sent: 50, ok: 50 - count, failed: count, cancelled: 0, warmup: 0 },
  });
  const five = (...counts: number[]) => counts.map(failed);

  // Low: stats.ttest_ind(np.array([0, 0, .04, .02, 0]), np.zeros(5), equal_var=False).confidence_interval(.95).low; high, which is wider: Newcombe's of 3 of 250
  // against 0 of 250, as in core's test of proportions.
  it('is a difference, as unsure as its repeats', () => {
    const found = metric(side('b', five(0, 0, 0, 0, 0)), side('c', five(0, 0, 2, 1, 0)), 'error_ratio');
    expect(found.effect).toMatchObject({ ...close(0.012, -0.010211560841582347, 0.034680820476), from: 'repeats' });
    expect(found).toMatchObject({ scale: 'points', verdict: 'cannot tell' });
  });

  it('knows what none of so many may be', () => {
    const none = metric(side('b', five(0, 0, 0, 0, 0)), side('c', five(0, 0, 0, 0, 0)), 'error_ratio');
    // scipy: stats.binomtest(0, 250).proportion_ci(method='wilson').high
    expect(none.effect).toMatchObject({ ...close(0, -0.015133318, 0.015133318) });
    expect(none.verdict).toBe('cannot tell');
    const many = metric(side('b', five(0, 0, 0, 0, 0)), side('c', five(9, 10, 11, 10, 10)), 'error_ratio');
    expect(many.verdict).toBe('worse');
  });
});
