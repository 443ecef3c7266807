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
  const groups = new Map<string, ReportRow[]>();
  for (const row of rows) {
    const key = taskKeyOf(row);
    const list = groups.get(key);
    if (list) list.push(row);
    else groups.set(key, [row]);
  }
  const firsts = [...groups.values()].map((list) => list[0] as ReportRow);
  const distinct = (pick: (row: ReportRow) => string) => new Set(firsts.map(pick)).size > 1;
  const manyRuns = distinct((row) => row.runId);
  const manyRecipes = distinct((row) => row.recipe);
  const manyVariants = distinct((row) => `${row.recipe}\n${row.variant}`);
  return [...groups].map(([key, list]) => {
    const first = list[0] as ReportRow;
    const parts = [
      manyRuns ? first.runId : '',
      manyRecipes || !manyVariants ? first.recipe : '',
      manyVariants || first.variant !== 'default' ? first.variant : '',
    ].filter(Boolean);
    const measured = list.filter((row) => row.counts !== null).sort((a, b) => (a.axis?.value ?? 0) - (b.axis?.value ?? 0));
    return { key, name: parts.join(' / '), first, rows: list, measured };
  });
}

/** Id of a task: the beginning of its rows' ids. */
export const taskId = (group: TaskGroup): string => taskOf(group.first.id);
