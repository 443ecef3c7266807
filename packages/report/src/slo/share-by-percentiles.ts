import { type Bounds, type LoadSpec, PERCENTILES } from '@bench/core';
import type { RowDistribution } from '../rows.ts';

/** What is known of a point whose requests are not at hand. */
export interface Summarized {
  /** Requests that succeeded. */
  ok: number;
  /** All that were measured, without those given up as asked. Null: not known, for failed ones were not counted. */
  of: number | null;
  distributions: Record<string, RowDistribution>;
}

const METRIC = { ttftMs: 'ttft_ms', tpotMs: 'tpot_ms', e2elMs: 'e2el_ms' } as const;

/**
 * Between which values the share of requests within all limits lies, by percentiles alone; no value in it is more likely than another. Null: nothing of it is known.
 *
 * A percentile at or below its limit bounds from above how many requests may break that limit, one above it from below how many do; how their violations overlap is not
 * known, so at most all of them are different requests (Bonferroni’s inequality) and at least they are the same. Percentile q of n samples lies between the two nearest of
 * ranks (n − 1)·q where it is interpolated linearly between them, as numpy does unless told otherwise, and where it is the sample of the nearest rank; either bound is cut to
 * whole requests. By other definitions (Hazen’s, Weibull’s, the median-unbiased) it may lie beyond them, and a bound be off by a request.
 *
 * A request of one token has no TPOT and breaks no limit of it. A summary that does not say of how many samples it is, is taken to be of all successful requests; of TPOT it
 * may be of any number of them, so it says how many may break the limit, which are most when all have one, and not how many do.
 */
export function shareByPercentiles({ ok, of, distributions }: Summarized, limits: LoadSpec['slo']): Bounds | null {
  if (ok === 0) return of ? { low: 0, high: 0 } : null;
  let mayBreak = 0;
  let mustBreak = 0;
  for (const [key, limit] of Object.entries(limits) as [keyof typeof METRIC, number][]) {
    const summary = distributions[METRIC[key]] ?? {};
    const n = Math.min(ok, summary.count ?? ok);
    const { atLeast, atMost } = within(summary, n, limit);
    // Without a first token a limit on it is not met.
    const without = key === 'tpotMs' ? 0 : ok - n;
    mayBreak += n - atLeast + without;
    const uncounted = key === 'tpotMs' && summary.count === undefined;
    if (!uncounted) mustBreak = Math.max(mustBreak, n - atMost + without);
  }
  const low = of === null ? 0 : Math.max(0, ok - mayBreak) / of;
  const high = (ok - mustBreak) / (of ?? ok);
  return low === 0 && high === 1 ? null : { low, high };
}

/** Between how many of n samples are at or below a limit. */
function within(summary: RowDistribution, n: number, limit: number): { atLeast: number; atMost: number } {
  let atLeast = 0;
  let atMost = n;
  for (const name of PERCENTILES) {
    const value = summary[name];
    if (value === undefined) continue;
    const rank = (n - 1) * Number(`0.${name.slice(1)}`);
    if (value <= limit) atLeast = Math.max(atLeast, Math.floor(rank) + 1);
    else atMost = Math.min(atMost, Math.ceil(rank));
  }
  if (summary.max !== undefined && summary.max <= limit) atLeast = n;
  if (summary.min !== undefined && summary.min > limit) atMost = 0;
  return { atLeast, atMost };
}
