import type { Distribution } from '@bench/core';
import { columnDecimals, formatNumber } from '../format.ts';
import { ownFigures, ownHeader } from '../own-figures.ts';
import { requestsOf, type ReportRow } from '../rows.ts';
import { askedShareText } from '../slo/asked-text.ts';
import { oneLine } from '../text.ts';

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
  /** Reported by a recipe's own clients or command. */
  own?: boolean;
}

type Figure = (row: ReportRow) => number | null | undefined;

const scalar =
  (name: string): Figure =>
  (row) =>
    row.scalars[name];
const spread =
  (name: string, key: keyof Distribution): Figure =>
  (row) =>
    row.distributions[name]?.[key];

/** Group, head, rank, and where the figure is found. */
const FIGURES: readonly [group: string, head: string, keep: number, pick: Figure][] = [
  ['requests', 'ok', Infinity, (row) => requestsOf(row)?.ok],
  ['requests', 'failed', Infinity, (row) => requestsOf(row)?.failed],
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

/** Rank of figures that recipes report themselves: among loads of bench's own, after the latencies of those; alone, before all else. */
const OWN = 60;
const OWN_ALONE = 110;
/** Nothing is known of their size. */
const OWN_DECIMALS = 4;
/** Characters of their names and units. */
const MAX_NAME = 24;

/** Columns that have a figure in at least one row; one number of decimals a column. */
export function figureColumns(rows: readonly ReportRow[]): Column[] {
  const ours = FIGURES.flatMap(([group, head, keep, pick]) =>
    column(rows, { group, head, keep, pick, name: group ? `${group.replace(', ms', '')} ${head}` : head }),
  );
  // A recipe names its figures in the order in which it wants them read.
  const rank = rows.every((row) => row.loadText === null) ? OWN_ALONE : OWN;
  const own = ownFigures(rows).flatMap((figure, i) =>
    column(rows, {
      group: oneLine(figure.short, MAX_NAME),
      head: oneLine(figure.unit, MAX_NAME),
      keep: rank - i / 1000,
      pick: figure.of,
      name: oneLine(ownHeader({ ...figure, name: figure.short }), 2 * MAX_NAME),
      max: OWN_DECIMALS,
      own: true,
    }),
  );
  return [...ours, ...askedShare(rows), ...own];
}

/** It was asked for, so it stays. */
function askedShare(rows: readonly ReportRow[]): Column[] {
  if (!rows.some((row) => row.askedSlo)) return [];
  return [
    {
      id: 'asked SLO',
      group: 'in SLO',
      head: '%',
      keep: Infinity,
      cells: rows.map((row) => (row.counts === null ? '' : (askedShareText(row) ?? '–'))),
      name: 'share of requests within the SLO',
    },
  ];
}

interface ColumnPlan extends Pick<Column, 'group' | 'head' | 'keep' | 'name'> {
  pick: Figure;
  /** Decimals at most; default 2. */
  max?: number;
  own?: boolean;
}

function column(rows: readonly ReportRow[], { group, head, keep, pick, name, max = 2, own = false }: ColumnPlan): Column[] {
  const values = rows.map((row) => pick(row) ?? null);
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  if (known.length === 0) return [];
  const decimals = columnDecimals(known, max);
  const cells = rows.map((row, i) => (row.counts === null ? '' : formatNumber(values[i], decimals)));
  return [{ id: `${group} ${head}`, group, head, keep, cells, name, own }];
}
