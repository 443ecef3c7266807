import type { ForeignMeasurement, RunView } from '@bench/results';
import { withoutCopies } from './copies.ts';
import { foreignRows } from './foreign-rows.ts';
import { taskKeyOf } from './groups.ts';
import { hideSecrets } from './hide-secrets.ts';
import { pricedForeign, pricedTask } from './prices/priced-task.ts';
import { unusedPrices } from './prices/unused-prices.ts';
import { reportRows, type ReportRow, type RowOptions } from './rows.ts';

/** Something that was left out, and why. */
export interface Problem {
  path: string;
  message: string;
  /** Id of the row that it is of. Absent: of none, or of many. */
  row?: string;
  /** `copy`: of a run that is in the report; it is whole, and nothing is missing. Absent: it could not be read, or not whole. */
  kind?: 'copy';
}

/** All that a report is made of: what every writer takes. */
export interface Report {
  /** Run directories, each run once: requests, gaps, series and telemetry are read from them when they are drawn. */
  runs: readonly RunView[];
  /** What other tools measured. */
  foreign: readonly ForeignMeasurement[];
  /** One model for all of them: the rows of the runs, then one a foreign measurement. */
  rows: readonly ReportRow[];
  /** Of the sources, and of the runs themselves. */
  problems: readonly Problem[];
  /** Prices that were named to no effect, and those that are missing. */
  unusedPrices: readonly Problem[];
}

export interface ReportSources {
  runs?: readonly RunView[];
  foreign?: readonly ForeignMeasurement[];
  /** What could not be opened at all. */
  problems?: readonly Problem[];
}

/**
 * Takes sources of any kind together, without what looks like a secret in their recipes, commands and errors. A run of which there are copies counts once, and
 * that is among the problems. Pure.
 * @param options.prices prices beside those that the runs recorded
 * @param options.slo limits in place of those that the loads name, with what meets them (`askSlo`)
 */
export function buildReport({ runs = [], foreign = [], problems = [] }: ReportSources, options: RowOptions = {}): Report {
  const { runs: once, copies } = withoutCopies(runs);
  const shown = once.map(hideSecrets);
  return {
    runs: shown,
    foreign,
    rows: withIds([...reportRows(shown, options), ...foreignRows(foreign, options)]),
    problems: [...problems, ...copies, ...shown.flatMap((run) => run.problems)],
    unusedPrices: unusedPrices(
      [...shown.flatMap((view) => view.tasks.map((task) => pricedTask(view, task))), ...foreign.map(pricedForeign)],
      options.prices,
    ),
  };
}

function withIds(rows: readonly ReportRow[]): ReportRow[] {
  const tasks = new Map<string, { task: number; rows: number }>();
  return rows.map((row) => {
    const key = taskKeyOf(row);
    const of = tasks.get(key) ?? { task: tasks.size, rows: 0 };
    tasks.set(key, of);
    return { ...row, id: `${of.task}.${of.rows++}` };
  });
}
