import { studentTQuantile } from '@bench/core';
import type { mainThroughput } from '../headline.ts';
import type { ReportRow } from '../rows.ts';
import type { Measured } from './knee-interval.ts';
import { loadOf } from './load-of.ts';

/** Mean over all repeats of points of one load. */
export function loadMean(same: readonly ReportRow[], of: (row: ReportRow) => number): number {
  return same.reduce((sum, row) => sum + repeatsOf(row) * of(row), 0) / countOf(same);
}

/** Points of one load are repeats of each other: all repeats of all of them, as if they were one point. */
export function measuredLoad(same: readonly ReportRow[], { name, of }: NonNullable<ReturnType<typeof mainThroughput>>): Measured {
  const average = loadMean(same, of);
  let degrees = same.length - 1;
  let squares = same.reduce((sum, row) => sum + repeatsOf(row) * (of(row) - average) ** 2, 0);
  for (const row of same) {
    const bounds = row.intervals?.from === 'repeats' ? row.intervals.scalars[name] : undefined;
    const own = repeatsOf(row) - 1;
    if (!bounds || own === 0) continue;
    // The upper half: the lower one may have been cut at 0.
    const error = (bounds.high - of(row)) / studentTQuantile(0.025, own);
    squares += own * error ** 2 * repeatsOf(row);
    degrees += own;
  }
  const spread = degrees === 0 ? null : { variance: squares / degrees, degrees };
  return { load: loadOf(same[0] as ReportRow), mean: average, repeats: countOf(same), spread };
}

const repeatsOf = ({ repeats }: ReportRow): number => Math.max(1, repeats);
const countOf = (same: readonly ReportRow[]): number => same.reduce((sum, row) => sum + repeatsOf(row), 0);
