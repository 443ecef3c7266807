import type { PercentileBounds, PointResult } from '@bench/core';
import type { ForeignMeasurement, RunView, TaskView } from '@bench/results';
import { costsOf } from '../prices/costs.ts';
import type { Report } from '../report.ts';
import type { ReportRow, RowDistribution } from '../rows.ts';

/** The figures of one measurement: a repeat of a point, or what another tool wrote. */
export interface Sample {
  /** Id of the run, or the file: samples of one run share its machine and its deployment. */
  run: string;
  scalars: Readonly<Record<string, number>>;
  distributions: Readonly<Record<string, RowDistribution>>;
  /** 95 % bounds of percentiles over its requests; null: not known. */
  requests: PercentileBounds | null;
  counts: PointResult['counts'] | null;
}

/** What was measured for a row, one sample a repeat, in order. */
export function samplesOf(report: Report, row: ReportRow): Sample[] {
  if (row.source.kind !== 'run') {
    const { runId, scalars, distributions, counts } = row;
    return [{ run: runId, scalars, distributions, requests: null, counts }];
  }
  const points = taskOf(report, row)?.points.filter(({ entry }) => entry.point === row.point && entry.status === 'ok') ?? [];
  return points.flatMap(({ result }) =>
    result
      ? [
          {
            run: row.runId,
            scalars: { ...result.scalars, ...costs(row, result.scalars) },
            distributions: result.distributions,
            requests: result.intervals ?? null,
            counts: result.counts,
          },
        ]
      : [],
  );
}

/** The run of a row that a run directory holds. */
export function runOf(report: Report, { source }: ReportRow): RunView | undefined {
  return source.kind === 'run' ? indexOf(report).runs.get(source.path)?.view : undefined;
}

/** The task of a row that a run directory holds. */
export function taskOf(report: Report, row: ReportRow): TaskView | undefined {
  return row.source.kind === 'run' ? indexOf(report).runs.get(row.source.path)?.tasks.get(taskKey(row)) : undefined;
}

/** The first measurement of the file of a row that another tool wrote. */
export function measurementOf(report: Report, { source }: ReportRow): ForeignMeasurement | undefined {
  return source.kind === 'run' ? undefined : indexOf(report).foreign.get(source.path);
}

/** A report may have thousands of rows, each of which asks for its task several times. */
const indexes = new WeakMap<Report, Index>();

/** What a report was made of, by its path. */
interface Index {
  runs: Map<string, { view: RunView; tasks: Map<string, TaskView> }>;
  foreign: Map<string, ForeignMeasurement>;
}

function indexOf(report: Report): Index {
  const known = indexes.get(report);
  if (known) return known;
  const runs = new Map(
    report.runs.map((view) => [
      view.dir,
      { view, tasks: new Map(view.tasks.map((task) => [taskKey({ ...task.file, taskKey: task.file.key }), task])) },
    ]),
  );
  // A file may have many results: of those of one path the first stays.
  const foreign = new Map(report.foreign.toReversed().map((measurement) => [measurement.source.path, measurement]));
  const made = { runs, foreign };
  indexes.set(report, made);
  return made;
}

const taskKey = (of: Pick<ReportRow, 'taskKey' | 'recipe' | 'variant'>): string => JSON.stringify([of.taskKey, of.recipe, of.variant]);

/** A repeat that was faster gave cheaper tokens. What a recipe itself reports by the name of a cost is its own figure. */
function costs({ priceUsdPerHour, ownMetrics }: ReportRow, scalars: Readonly<Record<string, number>>): Record<string, number> {
  if (priceUsdPerHour === null) return {};
  return Object.fromEntries(Object.entries(costsOf(scalars, priceUsdPerHour)).filter(([name]) => !Object.hasOwn(ownMetrics, name)));
}
