import type { Distribution } from '@bench/core';
import { columnDecimals, formatNumber } from '../format.ts';
import type { ReportRow } from '../rows.ts';

/** One column of numbers. */
export interface Column {
  id: string;
  /** First header line, shared by neighbours of equal group. */
  group: string;
  /** Second header line. */
  head: string;
  /** Lowest goes first when the terminal is narrow; Infinity stays. */
  keep: number;
  cells: string[];
  /** How a hidden column is called. */
  name: string;
}

type Pick = (row: ReportRow) => number | null | undefined;

const scalar =
  (name: string): Pick =>
  (row) =>
    row.scalars[name];
const spread =
  (name: string, key: keyof Distribution): Pick =>
  (row) =>
    row.distributions[name]?.[key];

/** Group, head, rank, and where the figure is found. */
const FIGURES: readonly [group: string, head: string, keep: number, pick: Pick][] = [
  ['requests', 'ok', Infinity, (row) => row.counts?.ok],
  ['requests', 'failed', Infinity, (row) => row.counts?.failed],
  ['tokens/s', 'out', Infinity, scalar('output_throughput')],
  ['tokens/s', 'total', 10, scalar('total_token_throughput')],
  ['', 'req/s', 40, scalar('request_throughput')],
  ['TTFT, ms', 'p50', 100, spread('ttft_ms', 'p50')],
  ['TTFT, ms', 'p99', 80, spread('ttft_ms', 'p99')],
  ['TPOT, ms', 'p50', 90, spread('tpot_ms', 'p50')],
  ['TPOT, ms', 'p99', 50, spread('tpot_ms', 'p99')],
  ['E2EL, ms', 'p50', 70, spread('e2el_ms', 'p50')],
  ['USD/Mtok', 'total', 30, scalar('cost_per_mtok_total')],
];

/** Columns that have a figure in at least one row; one number of decimals a column. */
export function figureColumns(rows: readonly ReportRow[]): Column[] {
  return FIGURES.flatMap(([group, head, keep, pick]) => {
    const values = rows.map((row) => pick(row) ?? null);
    const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
    if (known.length === 0) return [];
    const decimals = columnDecimals(known, 2);
    const cells = rows.map((row, i) => (row.counts === null ? '' : formatNumber(values[i], decimals)));
    return [{ id: `${group} ${head}`, group, head, keep, cells, name: group ? `${group.replace(', ms', '')} ${head}` : head }];
  });
}
