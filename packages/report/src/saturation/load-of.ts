import { groupBy } from '@bench/core';
import type { ReportRow } from '../rows.ts';

/** Requests in flight, or per second. */
export const loadOf = (row: ReportRow): number => row.axis?.value ?? 0;

/** Rows by their load, in rising order: a load that was measured as several points is one step of a curve. */
export const byLoad = (rows: readonly ReportRow[]): ReportRow[][] =>
  [...groupBy(rows, loadOf)].sort(([a], [b]) => a - b).map(([, same]) => same);
