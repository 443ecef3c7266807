import { groupBy } from '@bench/core';
import { taskOf } from './row-id.ts';
import type { ReportRow } from './rows.ts';

/** The rows of one task of one run. */
export interface TaskGroup {
  key: string;
  /** Shortest name that tells it from the others of the report. */
  name: string;
  first: ReportRow;
  rows: ReportRow[];
  /** Rows with figures, in rising order of load. */
  measured: ReportRow[];
}

/** Equal for the rows of one task of one run. */
export const taskKeyOf = (row: ReportRow): string => `${row.runId}\n${row.recipe}\n${row.variant}\n${row.taskKey}`;

/** Rows by run and task, in order. */
export function taskGroups(rows: readonly ReportRow[]): TaskGroup[] {
  const groups = groupBy(rows, taskKeyOf);
  const firsts = [...groups.values()].map((list) => list[0] as ReportRow);
  const names = shortNames(firsts);
  return [...groups].map(([key, list], i) => {
    const first = list[0] as ReportRow;
    const measured = list.filter((row) => row.counts !== null).sort((a, b) => (a.axis?.value ?? 0) - (b.axis?.value ?? 0));
    return { key, name: names[i] as string, first, rows: list, measured };
  });
}

function shortNames(firsts: readonly ReportRow[]): string[] {
  const distinct = (pick: (row: ReportRow) => string) => new Set(firsts.map(pick)).size > 1;
  const manyRuns = distinct((row) => row.runId);
  const manyRecipes = distinct((row) => row.recipe);
  const manyVariants = distinct((row) => `${row.recipe}\n${row.variant}`);
  const names = firsts.map((row) => {
    // Of another tool's file the run is its path: long, and mostly told by recipe and variant.
    const parts = [
      manyRuns && row.source.kind === 'run' ? row.runId : '',
      manyRecipes || !manyVariants ? row.recipe : '',
      manyVariants || row.variant !== 'default' ? row.variant : '',
    ];
    return parts.filter(Boolean).join(' / ');
  });
  return names.map((name, i) => {
    const row = firsts[i] as ReportRow;
    const alike = firsts.filter((_, j) => names[j] === name);
    return alike.length === 1 || row.source.kind === 'run' ? name : `${tellingEnd(row.source.path, alike)}: ${name}`;
  });
}

/** As many parts of a path's end as tell it from the others. */
function tellingEnd(path: string, rows: readonly ReportRow[]): string {
  const others = rows.map(({ source }) => source.path).filter((other) => other !== path);
  const parts = path.split('/').filter(Boolean);
  const end = (count: number) => parts.slice(-count).join('/');
  let count = 1;
  while (count < parts.length && others.some((other) => other.endsWith(end(count)))) count++;
  return end(count);
}

/** Id of a task: the beginning of its rows' ids. */
export const taskId = (group: TaskGroup): string => taskOf(group.first.id);
