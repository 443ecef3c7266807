import { type Bounds, figure, PERCENTILES } from '@bench/core';
import { askedFigure } from '../compare/figures.ts';
import type { ReportRow } from '../rows.ts';

/** A figure that is followed. */
export interface HistoryFigure {
  /** `ttft_p99_ms`, or a recipe's own name. */
  name: string;
  /** `TTFT p99`. */
  label: string;
  /** Empty: none. */
  unit: string;
  better: 'higher' | 'lower' | null;
  /** Null: the row does not have it. */
  of(row: ReportRow): number | null;
  interval(row: ReportRow): Bounds | null;
}

/** @throws BenchError `BENCH_FIGURE_UNKNOWN` (exit code 2): neither a figure of ours nor one that a recipe reported. */
export function historyFigure(name: string, rows: readonly ReportRow[]): HistoryFigure {
  const found = askedFigure(name, rows);
  const { label, unit, better } = found;
  const ours = rows.some((row) => row.ownMetrics[found.name]) ? undefined : figure(found.name);
  const percentile = PERCENTILES.find((each) => each === ours?.statistic);
  return {
    name: found.name,
    label,
    unit,
    better,
    of: (row) => {
      const { runId: run, scalars, distributions, counts } = row;
      return found.of({ run, scalars, distributions, requests: null, counts });
    },
    interval: ({ intervals }) => {
      if (!ours || ours.statistic === null) return intervals?.scalars[found.name] ?? null;
      return (percentile && intervals?.distributions[ours.definition.name]?.[percentile]) ?? null;
    },
  };
}

const THROUGHPUTS = ['output_throughput', 'total_token_throughput', 'request_throughput'];

/** What a point is followed by when nobody says: its first throughput that is above nothing, else the first figure of its own with a direction. Null: none. */
export function defaultFigure(rows: readonly ReportRow[]): HistoryFigure | null {
  const own = [
    ...new Set(
      rows.flatMap(({ ownMetrics }) => Object.entries(ownMetrics).filter(([, { better }]) => better !== null)).map(([name]) => name),
    ),
  ];
  const name = [...THROUGHPUTS.filter((each) => rows.some(({ scalars }) => (scalars[each] ?? 0) > 0)), ...own][0];
  return name === undefined ? null : historyFigure(name, rows);
}
