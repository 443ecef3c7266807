import { type Distribution, groupBy } from '@bench/core';
import { FLAG_WORDS } from '../flags.ts';
import { columnDecimals, formatNumber } from '../format.ts';
import { taskId, type TaskGroup } from '../groups.ts';
import { engineLabel, pointLabel } from '../labels.ts';
import { ownFigures } from '../own-figures.ts';
import { requestsOf, type ReportRow } from '../rows.ts';
import { askedShareText } from '../slo/asked-text.ts';
import { flagMarks } from '../table/flag-marks.ts';
import { oneLine } from '../text.ts';
import { contestKey } from '../verdicts/work.ts';
import { data, markup, type Markup } from './markup.ts';

interface Column {
  group: string;
  head: string;
  of(row: ReportRow): number | null | undefined;
  better: 'higher' | 'lower' | null;
  /** Name of its group in seconds: where all figures of the group are long, milliseconds only take room. */
  seconds?: string;
  /** Decimals at most; default 2. */
  decimals?: number;
  /** Drawn as a bar behind the figure. */
  bar?: boolean;
  /** The figure as it is shown, where a number alone would say too much. */
  text?(row: ReportRow): string | null;
}

const scalar = (group: string, head: string, name: string, better: Column['better'], bar = false): Column => ({
  group,
  head,
  of: (row) => row.scalars[name],
  better,
  bar,
});
const spread = (metric: string, name: string, ...keys: (keyof Distribution)[]): Column[] =>
  keys.map((key) => ({
    group: `${metric}, ms`,
    seconds: `${metric}, s`,
    head: key,
    of: (row: ReportRow) => row.distributions[name]?.[key],
    better: 'lower' as const,
  }));

const COLUMNS: readonly Column[] = [
  { group: 'Requests', head: 'ok', of: (row) => requestsOf(row)?.ok, better: null },
  { group: 'Requests', head: 'failed', of: (row) => requestsOf(row)?.failed, better: null },
  scalar('Throughput', 'out tok/s', 'output_throughput', 'higher', true),
  scalar('Throughput', 'total tok/s', 'total_token_throughput', 'higher'),
  scalar('Throughput', 'req/s', 'request_throughput', 'higher'),
  ...spread('TTFT', 'ttft_ms', 'p50', 'p99'),
  ...spread('TPOT', 'tpot_ms', 'p50', 'p99'),
  ...spread('E2EL', 'e2el_ms', 'p50', 'p99'),
  { group: 'In SLO', head: '%', of: (row) => row.askedSlo?.share?.low, better: null, text: askedShareText },
  scalar('Cost, $ per Mtok', 'output', 'cost_per_mtok_output', 'lower'),
  scalar('Cost, $ per Mtok', 'total', 'cost_per_mtok_total', 'lower'),
];

/** Characters of an own figure's name in a head. */
const MAX_NAME = 40;
/** Nothing is known of their size. */
const OWN_DECIMALS = 4;

/** All rows, grouped by task; columns without a figure are left out. */
export function summaryTable(groups: readonly TaskGroup[]): Markup {
  const rows = groups.flatMap((group) => group.rows);
  const measured = rows.filter((row) => row.counts !== null);
  const own = ownFigures(measured).map(({ short, unit, better, of }): Column => ({
    group: oneLine(short, MAX_NAME),
    head: oneLine(unit, MAX_NAME),
    of,
    better,
    decimals: OWN_DECIMALS,
  }));
  const columns = inSeconds([...COLUMNS, ...own], measured).flatMap((column) => {
    const values = measured.map((row) => column.of(row)).filter((v): v is number => v !== null && v !== undefined && Number.isFinite(v));
    if (values.length === 0) return [];
    return [{ ...column, tops: topsOf(measured, column), decimals: columnDecimals(values, column.decimals ?? 2) }];
  });
  const repeated = measured.some((row) => row.repeats > 1);
  // What is true of every row is said once, above the table.
  const everywhere = new Set(flagMarks(measured).everywhere);
  const tagged = (row: ReportRow) => row.flags.filter((flag) => !everywhere.has(flag.code));
  const noted = measured.some((row) => tagged(row).length > 0 || row.status === 'partial');
  const heads: { group: string; span: number }[] = [];
  for (const { group } of columns) {
    const last = heads[heads.length - 1];
    if (last?.group === group) last.span++;
    else heads.push({ group, span: 1 });
  }
  const width = 1 + columns.length + (repeated ? 1 : 0) + (noted ? 1 : 0);

  const manyTasks = groups.length > 1;
  // Tasks of one point each: a line of its own for each task's name would make the table twice as long.
  const flat = manyTasks && groups.every((group) => group.rows.length === 1);

  const works = [...new Set(measured.map(contestKey))];
  // Figures of one model are not better or worse than those of another.
  const work = (row: ReportRow) => (works.length > 1 ? markup` data-work="${works.indexOf(contestKey(row))}"` : null);
  const line = (group: TaskGroup, row: ReportRow): Markup => {
    const { id } = row;
    const whose = flat ? markup`<span class="whose">${data(group.name, 200)}</span><span class="whose">${factsOf(group)}</span>` : null;
    const head = markup`<th scope="row" class="l stick">${row.point === null ? null : pointLabel(row)}${whose}</th>`;
    if (row.counts === null) {
      const what =
        row.status === 'failed' ? markup`<span class="fail">failed</span> ${data(row.error ?? 'no reason was recorded', 600)}` : 'not run';
      if (row.point === null && !flat) return markup`<tr data-row="${id}"><td class="wide" colspan="${width}">${what}</td></tr>`;
      return markup`<tr data-row="${id}">${head}<td class="wide" colspan="${Math.max(1, width - 1)}">${what}</td></tr>`;
    }
    const cells = columns.map((column) => {
      const value = column.of(row);
      const top = column.tops.get(contestKey(row));
      const classes = [
        column.bar && value ? 'bar' : '',
        top !== undefined && value === top.best ? 'best' : '',
        column.head === 'failed' && value ? 'fail' : '',
      ].filter(Boolean);
      const style = column.bar && value ? markup` style="--share:${Math.round((value / (top?.max ?? value)) * 100)}%"` : null;
      return markup`<td${classes.length > 0 ? markup` class="${classes.join(' ')}"` : null}${style}>${column.text?.(row) ?? formatNumber(value, column.decimals)}</td>`;
    });
    const tags = tagged(row).map((flag) => markup`<span class="tag" title="${flag.message}">${FLAG_WORDS[flag.code].title}</span>`);
    const partial = row.status === 'partial' ? markup`<span class="tag" title="${row.error}">A repeat failed</span>` : null;
    return markup`<tr data-row="${id}"${work(row)}>${head}${repeated ? markup`<td>${row.repeats}</td>` : null}${cells}${noted ? markup`<td class="l notes">${tags}${partial}</td>` : null}</tr>`;
  };

  const bodies = groups.map((group) => {
    const title =
      manyTasks && !flat
        ? markup`<tr class="group" data-task="${taskId(group)}"><th scope="rowgroup" colspan="${width}">${data(group.name)}<span>${factsOf(group)}</span></th></tr>`
        : null;
    return markup`<tbody>${title}${group.rows.map((row) => line(group, row))}</tbody>`;
  });
  return markup`<div class="scroll dense" role="region" aria-label="Summary table" tabindex="0"><table>
<thead><tr><th class="l stick" scope="col" rowspan="2">${rows.some((row) => row.loadText !== null) ? 'Load' : 'Measured by'}</th>${repeated ? markup`<th scope="col" rowspan="2">Repeats</th>` : null}${heads.map((h) => markup`<th scope="colgroup" colspan="${h.span}">${h.group}</th>`)}${noted ? markup`<th class="l" scope="col" rowspan="2">Notes</th>` : null}</tr>
<tr>${columns.map((column) => markup`<th scope="col"${column.better ? markup` data-better="${column.better}"` : null}>${column.head}</th>`)}</tr></thead>
${bodies}</table></div>`;
}

/** From so many milliseconds on a figure is long. */
const LONG_MS = 10_000;

/** Groups of latencies that are all long are told in seconds. */
function inSeconds(columns: readonly Column[], rows: readonly ReportRow[]): Column[] {
  const short = new Set(columns.filter(({ of }) => rows.some((row) => (of(row) ?? LONG_MS) < LONG_MS)).map(({ group }) => group));
  return columns.map((column) => {
    const { seconds, of, group } = column;
    if (seconds === undefined || short.has(group)) return column;
    const told = (row: ReportRow) => {
      const ms = of(row);
      return ms === null || ms === undefined ? ms : ms / 1000;
    };
    return { ...column, group: seconds, of: told };
  });
}

interface Top {
  max: number;
  /** Null: neither direction is better, or nothing stands beside it. */
  best: number | null;
}

/** The most and the best of a column, of each kind of work. */
function topsOf(rows: readonly ReportRow[], { of, better }: Column): Map<string, Top> {
  const tops = new Map<string, Top>();
  for (const [key, same] of groupBy(rows, contestKey)) {
    const values = same.map(of).filter((v): v is number => v !== null && v !== undefined && Number.isFinite(v));
    if (values.length === 0) continue;
    const max = Math.max(...values);
    tops.set(key, { max, best: better === null || values.length < 2 ? null : better === 'higher' ? max : Math.min(...values) });
  }
  return tops;
}

/** Model, engine and machine of a task. */
function factsOf({ first }: TaskGroup): Markup {
  const facts = [first.model, first.engine ? engineLabel(first.engine) : null, first.machine].flatMap((fact) => (fact ? [fact] : []));
  return markup`${facts.map((fact, i) => markup`${i > 0 ? ' · ' : null}${data(fact, 80)}`)}`;
}
