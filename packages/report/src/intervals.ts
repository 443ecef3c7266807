import { type Bounds, meanInterval, metric, PERCENTILES, type PercentileBounds, type PointResult } from '@bench/core';

/** Between which values the figures of a row lie, with a confidence of 95 %. */
export interface RowIntervals {
  /**
   * No bound lies where the figure cannot: below 0 where every repeat is at or above it, above 1 where it is a share.
   *
   * `requests`: bootstrap over the requests of the one measurement, percentiles alone. `repeats`: Student-t over the repeats, of which a figure is
   * the mean.
   */
  from: 'requests' | 'repeats';
  distributions: PercentileBounds;
  scalars: Record<string, Bounds>;
}

/** Null: nothing is known of it. */
export function rowIntervals(results: readonly PointResult[]): RowIntervals | null {
  const [only, ...more] = results;
  if (!only) return null;
  if (more.length === 0) return only.intervals ? { from: 'requests', distributions: only.intervals, scalars: {} } : null;
  const distributions: PercentileBounds = {};
  for (const name of Object.keys(only.distributions)) {
    const bounds = PERCENTILES.flatMap((key) => {
      const found = boundsOf(
        results.map((result) => result.distributions[name]?.[key]),
        Number.POSITIVE_INFINITY,
      );
      return found ? [[key, found] as const] : [];
    });
    if (bounds.length > 0) distributions[name] = Object.fromEntries(bounds);
  }
  const scalars = Object.keys(only.scalars).flatMap((name) => {
    const found = boundsOf(
      results.map((result) => result.scalars[name]),
      largestOf(name),
    );
    return found ? [[name, found] as const] : [];
  });
  return { from: 'repeats', distributions, scalars: Object.fromEntries(scalars) };
}

/** Ratios are shares, but for tokens in a chunk. */
function largestOf(name: string): number {
  return metric(name)?.unit === 'ratio' && name !== 'tokens_per_chunk' ? 1 : Number.POSITIVE_INFINITY;
}

/** Cut to where the figure can lie, which takes nothing from the interval's confidence. Null: a repeat lacks it. */
function boundsOf(values: readonly (number | undefined)[], largest: number): Bounds | null {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  if (known.length < values.length) return null;
  const interval = meanInterval(known);
  if (!interval) return null;
  const least = known.every((value) => value >= 0) ? 0 : Number.NEGATIVE_INFINITY;
  return { low: Math.max(least, interval.low), high: Math.min(largest, interval.high) };
}
