import type { ClassResult } from '@bench/core';
import { columnDecimals, formatNumber } from '../format.ts';
import type { ReportRow } from '../rows.ts';
import { data, markup, type Markup } from './markup.ts';

/** Figures of some requests. */
export type Figures = Pick<ReportRow, 'scalars' | 'distributions'> & {
  counts: Pick<ClassResult['counts'], 'sent' | 'ok' | 'failed' | 'cancelled'>;
};

/** A column: what stands over it, its name, decimals at most, and the figure. */
export type ResultColumn = readonly [over: string, name: string, decimals: number, figure: (each: Figures) => number | undefined];

/** A part of the requests of a load. */
export interface ResultLine {
  load: string;
  name: string;
  each: Figures;
}

export interface ResultsTableOptions {
  /** What it is a table of, for who cannot see it. */
  label: string;
  /** Head of the names. */
  head: string;
  columns: readonly ResultColumn[];
  lines: readonly ResultLine[];
  /** Above the table. Null: nothing. */
  title: string | null;
}

/** Figures of parts of the requests; a column that nobody has a figure for is left out. */
export function resultsTable({ label, head, columns: all, lines, title }: ResultsTableOptions): Markup {
  const columns = all.flatMap(([over, name, most, figure]) => {
    const values = lines.map(({ each }) => figure(each));
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? [] : [{ over, name, values, decimals: columnDecimals(known, most) }];
  });
  const heads = [...new Set(columns.map(({ over }) => over))].map((over) => ({
    over,
    span: columns.filter((c) => c.over === over).length,
  }));
  return markup`${title === null ? null : markup`<h3 class="gap">${data(title, 80)}</h3>`}<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
<thead><tr><th class="l" scope="col" rowspan="2">Load</th><th class="l" scope="col" rowspan="2">${head}</th>${heads.map(({ over, span }) => markup`<th scope="colgroup" colspan="${span}">${over}</th>`)}</tr>
<tr>${columns.map(({ name }) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${lines.map(({ load, name }, i) => markup`<tr><th class="l" scope="row">${load}</th><td class="l">${data(name, 80)}</td>${columns.map(({ values, decimals }) => markup`<td>${formatNumber(values[i], decimals)}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Median and 99th percentile of latencies, for {@link ResultsTableOptions.columns}. */
export function latencyColumns(names: readonly ('ttft_ms' | 'tpot_ms' | 'itl_ms' | 'icl_ms' | 'e2el_ms')[]): ResultColumn[] {
  return names.flatMap((name) =>
    (['p50', 'p99'] as const).map((key): ResultColumn => [
      `${name.slice(0, -3).toUpperCase()}, ms`,
      key,
      2,
      ({ distributions }) => distributions[name]?.[key],
    ]),
  );
}
