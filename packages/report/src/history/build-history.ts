import { groupBy, type Bounds } from '@bench/core';
import { type Difference, differencesOf } from '../compare/differences.ts';
import { runOf } from '../compare/samples.ts';
import type { Report } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import { type ChangePoint, changePoints } from './change-points.ts';
import { defaultFigure, type HistoryFigure, historyFigure } from './history-figure.ts';

/** A run in a series. */
export interface HistoryEntry {
  runId: string;
  /** Folder of the run. */
  path: string;
  /** When the point was measured, ISO 8601. Null: not known. */
  measuredAt: string | null;
  tags: readonly string[];
  site: string | null;
  engine: { name: string; version: string | null } | null;
  taskKey: string;
  /** Mean over the repeats. */
  value: number;
  /** With a confidence of 95 %; null: not known. Of what varies within the run, not from run to run. */
  interval: Bounds | null;
  repeats: number;
  /** Codes of what must be known before believing it. */
  flags: readonly string[];
  /** Settings and surroundings that are not as in the entry before. */
  differs: readonly Difference[];
}

/** A change of a series' level. */
export interface HistoryChange extends Omit<ChangePoint, 'at'> {
  /** Index of the first entry after it. */
  entry: number;
  runId: string;
  /** Null: neither direction is said to be better. */
  verdict: 'better' | 'worse' | null;
}

/** One figure of one point of a recipe, run after run. */
export interface HistorySeries {
  recipe: string;
  variant: string;
  /** `8 concurrent`. Null: the recipe's own clients or command measured. */
  load: string | null;
  /** `random prompts, 128 tokens in, 64 out`. */
  prompts: string | null;
  /** `8xH200`. */
  machine: string | null;
  figure: HistoryFigure;
  /** Oldest first. */
  entries: readonly HistoryEntry[];
  changes: readonly HistoryChange[];
}

export interface History {
  series: readonly HistorySeries[];
  /** Runs without any figure that was asked for. */
  without: readonly { runId: string; why: string }[];
}

export interface HistoryOptions {
  /** Is this recipe meant? Default: every one. */
  recipe?: (name: string) => boolean;
  variant?: (name: string) => boolean;
  /** Is this load meant? `8 concurrent`, and what it is sorted by. */
  load?: (text: string | null, value: number | null) => boolean;
  /** Names of figures: `ttft_p99_ms`, or a recipe's own. Default: output tokens per second, else the first throughput that there is. */
  figures?: readonly string[];
  /** Equal resolved recipes only: a series ends where the recipe changed. Default: names, load and machine are equal, and what differs is said. */
  exact?: boolean;
}

/**
 * The figures of recipes over time. Rows of runs are one series where recipe, variant, load, prompts and machine are equal; between two of them engine, its
 * version and settings may differ, and that is said. Pure.
 * @throws BenchError `BENCH_FIGURE_UNKNOWN` (exit code 2)
 */
export function buildHistory(report: Report, options: HistoryOptions = {}): History {
  const { recipe = any, variant = any, load = any, figures = [] } = options;
  const all = report.rows.filter((row) => row.source.kind === 'run' && recipe(row.recipe) && variant(row.variant));
  const meant = all.filter((row) => row.counts === null || load(row.loadText, row.axis?.value ?? null));
  const rows = meant.filter((row) => row.counts !== null).sort(byTime);
  const groups = groupsOf(rows, options.exact ?? false);
  const asked = figures.map((name) => historyFigure(name, rows));
  const series = groups.flatMap((group) => {
    const own = asked.length > 0 ? asked : (defaultFigure(group) ?? []);
    return [own].flat().flatMap((figure) => seriesOf(report, group, figure) ?? []);
  });
  return { series, without: withoutFigures(meant, series) };
}

const any = (): boolean => true;

function byTime(a: ReportRow, b: ReportRow): number {
  const [x, y] = [a.measuredAt ?? '', b.measuredAt ?? ''];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Rows of the same point, in the order of the points of the first run. */
function groupsOf(rows: readonly ReportRow[], exact: boolean): ReportRow[][] {
  const pointOf = ({ recipe, variant, machine, loadText, dataText, kind, taskKey }: ReportRow) =>
    JSON.stringify([recipe, variant, machine, loadText ?? kind, dataText, exact ? taskKey : null]);
  // Where a task has the same load twice, its place tells which it is, also of a run where the other one failed.
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const row of rows) {
    const again = `${row.source.path}\n${row.taskKey}\n${pointOf(row)}`;
    if (seen.has(again)) twice.add(pointOf(row));
    seen.add(again);
  }
  const groups = groupBy(rows, (row) => {
    const point = pointOf(row);
    return twice.has(point) ? `${row.point}\n${point}` : point;
  });
  const rank = (group: readonly ReportRow[]) => group[0]?.axis?.value ?? 0;
  const name = (group: readonly ReportRow[]) => `${group[0]?.recipe ?? ''}\n${group[0]?.variant ?? ''}\n${group[0]?.machine ?? ''}`;
  return [...groups.values()].sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : rank(a) - rank(b)));
}

function seriesOf(report: Report, group: readonly ReportRow[], figure: HistoryFigure): HistorySeries | null {
  const rows = group.filter((row) => figure.of(row) !== null);
  const [first] = rows;
  if (!first) return null;
  const { recipe, variant, loadText: load, dataText: prompts, machine } = first;
  const entries = rows.map((row, i) => entryOf(report, row, { figure, before: rows[i - 1] }));
  const changes = changePoints(entries.map(({ value }) => value)).map(({ at, ...change }): HistoryChange => {
    const rises = change.after > change.before;
    const verdict = figure.better === null ? null : rises === (figure.better === 'higher') ? 'better' : 'worse';
    return { entry: at, runId: entries[at]?.runId ?? '', verdict, ...change };
  });
  return { recipe, variant, load, prompts, machine, figure, entries, changes };
}

function entryOf(
  report: Report,
  row: ReportRow,
  { figure, before }: { figure: HistoryFigure; before: ReportRow | undefined },
): HistoryEntry {
  const view = runOf(report, row);
  const side = (one: ReportRow) => ({ report, point: { rows: [one], first: one } });
  return {
    runId: row.runId,
    path: row.source.path,
    measuredAt: row.measuredAt,
    tags: view?.notes.tags ?? [],
    site: view?.run.asked.site ?? null,
    engine: row.engine && { name: row.engine.name, version: row.engine.version ?? null },
    taskKey: row.taskKey,
    value: figure.of(row) as number,
    interval: figure.interval(row),
    repeats: row.repeats,
    flags: row.flags.map(({ code }) => code),
    differs: before === undefined ? [] : differencesOf(side(before), side(row)),
  };
}

function withoutFigures(rows: readonly ReportRow[], series: readonly HistorySeries[]): { runId: string; why: string }[] {
  const shown = new Set(series.flatMap(({ entries }) => entries.map(({ runId }) => runId)));
  const out = new Map<string, string>();
  for (const { runId, error, status } of rows) {
    if (!shown.has(runId) && !out.has(runId))
      out.set(runId, error ?? (status === 'not_run' ? 'it was not run' : 'it does not have the figure'));
  }
  return [...out].map(([runId, why]) => ({ runId, why }));
}
