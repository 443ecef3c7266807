import type { PointResult, SeriesRow } from '@bench/core';
import { type AdaptivePoints, SEARCH_LIMITS } from '@bench/recipe';
import type { Probe } from '@bench/results';
import { overSaturated } from './over-saturated.ts';

/** Requests that may fail where a load passes. */
const MAX_ERRORS = 0.01;

/**
 * What a measurement says of its load. In a search by rate, TTFT and E2EL are those from the time at which the schedule wanted a request sent: what
 * waits in the client behind a cap is waited for.
 */
export function judge(
  points: AdaptivePoints,
  at: number,
  { result, series }: { result: PointResult; series: readonly SeriesRow[] },
): Probe {
  const { scalars, distributions } = result;
  const throughput = scalars.output_throughput ?? scalars.request_throughput ?? 0;
  const fillS = (distributions.e2el_ms?.p50 ?? 0) / 1000;
  if (result.counts.ok === 0) return { at, missed: ['no request succeeded'], saturated: true, throughput: 0 };
  const saturated = points.axis === 'rate' && overSaturated(series, fillS);
  if (points.kind === 'curve') return { at, missed: [], saturated, throughput };
  const missed = saturated ? ['requests piled up for as long as they were sent'] : [];
  const errors = scalars.error_ratio ?? 0;
  if (errors > MAX_ERRORS) missed.push(`${(errors * 100).toFixed(1)} % of requests failed`);
  const slow = result.flags.find(({ code }) => code === 'rate_missed');
  if (slow && points.axis === 'rate') missed.push(slow.message);
  const { slo } = points.search;
  for (const { key, metric, percentile } of SEARCH_LIMITS) {
    const limit = slo[key];
    if (limit === undefined) continue;
    const intended = points.axis === 'rate' ? distributions[metric.replace('_ms', '_intended_ms')] : undefined;
    const value = (intended ?? distributions[metric])?.[percentile];
    if (value === undefined) missed.push(`${key} was not measured`);
    else if (value > limit) missed.push(`${key} ${ms(value)}, at most ${ms(limit)}`);
  }
  const good = scalars.good_ratio ?? 0;
  if (slo.goodput !== undefined && good < slo.goodput) missed.push(`goodput ${(good * 100).toFixed(1)} %, at least ${slo.goodput * 100} %`);
  return { at, missed, saturated, throughput };
}

const ms = (value: number) => `${Number(value.toPrecision(4))} ms`;
