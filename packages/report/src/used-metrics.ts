import { METRICS } from '@bench/core';
import type { ReportRow } from './rows.ts';

/** Metric names that occur in the rows: ours in their order, then what a client or a command reported itself. */
export function usedMetrics(rows: readonly Pick<ReportRow, 'scalars' | 'distributions'>[]): { scalars: string[]; distributions: string[] } {
  const order = new Map(METRICS.map((m, i) => [m.name, i]));
  const sorted = (names: Iterable<string>) =>
    [...new Set(names)].sort((a, b) => (order.get(a) ?? 1e6) - (order.get(b) ?? 1e6) || (a < b ? -1 : 1));
  return {
    scalars: sorted(rows.flatMap((row) => Object.keys(row.scalars))),
    distributions: sorted(rows.flatMap((row) => Object.keys(row.distributions))),
  };
}
