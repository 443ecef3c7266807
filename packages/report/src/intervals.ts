import { type Bounds, meanInterval, PERCENTILES, type PercentileBounds, type PointResult } from '@bench/core';

/** Between which values the figures of a row lie, with a confidence of 95 %. */
export interface RowIntervals {
  /**
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
      const found = boundsOf(results.map((result) => result.distributions[name]?.[key]));
      return found ? [[key, found] as const] : [];
    });
    if (bounds.length > 0) distributions[name] = Object.fromEntries(bounds);
  }
  const scalars = Object.keys(only.scalars).flatMap((name) => {
    const found = boundsOf(results.map((result) => result.scalars[name]));
    return found ? [[name, found] as const] : [];
  });
  return { from: 'repeats', distributions, scalars: Object.fromEntries(scalars) };
}

/** Null: a repeat lacks it. */
function boundsOf(values: readonly (number | undefined)[]): Bounds | null {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  if (known.length < values.length) return null;
  const interval = meanInterval(known);
  return interval && { low: interval.low, high: interval.high };
}
