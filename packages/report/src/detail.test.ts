import { percentile } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { readDetails, SHARES, spread } from './detail.ts';
import { taskGroups } from './groups.ts';
import { reportRows } from './rows.ts';
import { syntheticRun, type PointPlan } from './testing/synthetic-run.ts';

async function details(point: PointPlan, noGaps = false) {
  const run = syntheticRun({ tasks: [{ points: [point], noGaps }] });
  const group = taskGroups(reportRows([run]))[0];
  if (!group) throw new Error('no group');
  const [detail] = await readDetails([run], group, group.measured);
  if (!detail) throw new Error('no detail');
  return { detail, run, row: group.measured[0] };
}

describe('readDetails', () => {
  it('draws the distribution of every sample of all repeats', async () => {
    const { detail, run } = await details({ concurrency: 4, requests: 200, repeats: 2 });
    const records = (await Promise.all(run.tasks[0]?.points.map((p) => p.requests()) ?? [])).flat();
    const ttft = records.map((r) => (r.firstTokenMs ?? 0) - r.sentMs);
    for (const q of [10, 50, 90, 99]) {
      const drawn = detail.ttft?.quantiles[SHARES.indexOf(q / 100)] ?? Number.NaN;
      expect(drawn).toBeGreaterThanOrEqual(percentile(ttft, q - 0.6));
      expect(drawn).toBeLessThanOrEqual(percentile(ttft, q + 0.6));
    }
    expect(detail.ttft?.quantiles.at(-1)).toBe(Math.max(...ttft));
    expect(detail.itl?.from).toBe('samples');
  });

  it('agrees with the measured percentiles when gaps are more than are drawn', async () => {
    const { detail, row } = await details({ concurrency: 8, requests: 4000, outputTokens: 120 });
    const p50 = row?.distributions.itl_ms?.p50 ?? 0;
    expect(detail.itl?.quantiles[SHARES.indexOf(0.5)]).toBeGreaterThan(p50 * 0.99);
    expect(detail.itl?.quantiles[SHARES.indexOf(0.5)]).toBeLessThan(p50 * 1.01);
  });

  it('divides a gap by the tokens of its chunk, the request’s own mean', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 1, requests: 3, outputTokens: 9 }] }] });
    const point = run.tasks[0]?.points[0];
    if (!point) throw new Error('no point');
    // 8 tokens after the first in 4 chunks: two tokens each.
    point.gaps = () => Promise.resolve([0, 1, 2].map((index) => ({ index, gapsMs: Float32Array.of(20, 20, 20, 20) })));
    const group = taskGroups(reportRows([run]))[0];
    if (!group) throw new Error('no group');
    const [detail] = await readDetails([run], group, group.measured);
    expect(new Set(detail?.itl?.quantiles)).toEqual(new Set([10]));
  });

  it('names what is lost of a file of requests', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 1, requests: 3 }] }] });
    const point = run.tasks[0]?.points[0];
    if (!point) throw new Error('no point');
    point.requests = (tell) => {
      tell?.('requests.jsonl.gz is cut: 0 requests are left of it');
      return Promise.resolve([]);
    };
    const group = taskGroups(reportRows([run]))[0];
    if (!group) throw new Error('no group');
    const [detail] = await readDetails([run], group, group.measured);
    expect(detail?.problems).toEqual([
      { path: expect.stringContaining(point.entry.path), message: 'requests.jsonl.gz is cut: 0 requests are left of it' },
    ]);
  });

  it('falls back on the stored percentiles without gaps', async () => {
    const { detail, row } = await details({ concurrency: 2 }, true);
    expect(detail.itl?.from).toBe('summary');
    expect(detail.itl?.quantiles[SHARES.indexOf(0.9)]).toBeCloseTo(row?.distributions.itl_ms?.p90 ?? 0, 9);
  });

  it('puts a long series into few buckets without losing requests', async () => {
    const { detail, row } = await details({ concurrency: 1, requests: 3000 });
    expect(detail.series?.rows.length).toBeLessThanOrEqual(240);
    expect(detail.series?.bucketS).toBeGreaterThan(1);
    expect(detail.series?.rows.reduce((sum, r) => sum + r.done, 0)).toBe(row?.counts?.ok);
    // All that the client saw of itself: the worst of it is looked for later.
    expect(detail.series?.rows[0]?.client).toHaveLength(detail.series?.bucketS ?? 0);
  });
});

it('spread keeps both ends', () => {
  expect(spread([1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([1, 5, 9]);
  expect(spread([1, 2], 3)).toEqual([1, 2]);
});
