import type { PointResult, SeriesRow } from '@bench/core';
import { adaptivePoints, type AdaptivePoints, parseRecipe } from '@bench/recipe';
import { expect, it } from 'vitest';
import { judge } from './judge.ts';
import { overSaturated } from './over-saturated.ts';

function searched(search: string, more = ''): AdaptivePoints {
  const [task] = parseRecipe(`model: {random: tiny}\nbenchmark: {search: {${search}}${more}}\n`, { file: '/r/recipe.yaml' }).tasks;
  return adaptivePoints(task as NonNullable<typeof task>) as AdaptivePoints;
}

const at = (p99: number) => ({ count: 1, mean: p99, std: 0, min: p99, max: p99, p50: p99, p75: p99, p90: p99, p95: p99, p99, p999: p99 });
function measured(o: Partial<Pick<PointResult, 'scalars' | 'flags'>> & { ttft?: number; intended?: number }, series: SeriesRow[] = []) {
  const distributions = {
    ...(o.ttft === undefined ? {} : { ttft_ms: at(o.ttft) }),
    ...(o.intended === undefined ? {} : { ttft_intended_ms: at(o.intended) }),
  };
  return { result: { scalars: {}, flags: [], counts: { ok: 1 }, ...o, distributions } as unknown as PointResult, series };
}

/** An open loop that sends for so many seconds; both grow by these much a second. */
function loop(seconds: number, grows: { inFlight: number; ttft: number }): SeriesRow[] {
  return Array.from({ length: seconds + 5 }, (_, t) => ({
    t,
    sent: t < seconds ? 10 : 0,
    done: 10,
    failed: 0,
    outputTokens: 10,
    inFlight: 20 + grows.inFlight * t + (t % 2),
    ttftP50Ms: 100 + grows.ttft * t + 5 * (t % 3),
  }));
}

it('a load passes that meets every limit, at the limit too', () => {
  const points = searched('max: concurrency, slo: {ttft_p99_ms: 500, goodput: 0.9}', ', slo: {ttft_ms: 400}');
  const passes = judge(points, 4, measured({ ttft: 500, scalars: { good_ratio: 0.9, output_throughput: 7, request_throughput: 1 } }));
  expect(passes).toEqual({ at: 4, missed: [], saturated: false, throughput: 7 });
  const fails = judge(points, 4, measured({ ttft: 512.3, scalars: { good_ratio: 0.5, error_ratio: 0.02 } }));
  expect(fails.missed).toEqual(['2.0 % of requests failed', 'ttft_p99_ms 512.3 ms, at most 500 ms', 'goodput 50.0 %, at least 90 %']);
  expect(judge(points, 4, measured({ scalars: { good_ratio: 1 } })).missed).toEqual(['ttft_p99_ms was not measured']);
});

it('by rate, it is the wait since the schedule that counts, and the rate must have been sent', () => {
  const points = searched('max: rate, slo: {ttft_p99_ms: 500}');
  expect(judge(points, 4, measured({ ttft: 100, intended: 600 })).missed).toHaveLength(1);
  const missed = { code: 'rate_missed' as const, message: '80 % of the asked 4 requests/s were sent' };
  expect(judge(points, 4, measured({ ttft: 100, flags: [missed] })).missed).toEqual([missed.message]);
  const closed = searched('max: concurrency, slo: {ttft_p99_ms: 500}');
  expect(judge(closed, 4, measured({ ttft: 100, intended: 600 })).missed).toEqual([]);
});

it('requests that pile up for as long as they are sent are no load that passes, whatever the limits', () => {
  const piling = measured({ ttft: 100 }, loop(30, { inFlight: 8, ttft: 200 }));
  expect(judge(searched('max: rate, slo: {ttft_p99_ms: 1000000}'), 4, piling)).toMatchObject({
    saturated: true,
    missed: ['requests piled up for as long as they were sent'],
  });
  // A closed loop cannot pile up.
  expect(judge(searched('max: concurrency, slo: {ttft_p99_ms: 1000000}'), 4, piling)).toMatchObject({ saturated: false, missed: [] });
});

it.each([
  ['neither grows', { inFlight: 0, ttft: 0 }, 30, 0, false],
  ['only what is in flight grows', { inFlight: 8, ttft: 0 }, 30, 0, false],
  ['only TTFT grows', { inFlight: 0, ttft: 200 }, 30, 0, false],
  ['both grow', { inFlight: 8, ttft: 200 }, 30, 0, true],
  ['both grow hardly', { inFlight: 0.1, ttft: 1 }, 30, 0, false],
  ['too few seconds', { inFlight: 8, ttft: 200 }, 8, 0, false],
  ['it only fills', { inFlight: 8, ttft: 200 }, 30, 26, false],
])('over-saturated: %s', (_name, grows, seconds, fromS, expected) => {
  expect(overSaturated(loop(seconds, grows), fromS)).toBe(expected);
});
