import type { PercentileBounds, PointResult } from '@bench/core';
import type { TaskView } from '@bench/results';
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
            scalars: { ...costs(row, result.scalars), ...result.scalars },
            distributions: result.distributions,
            requests: result.intervals ?? null,
            counts: result.counts,
          },
        ]
      : [],
  );
}

/** The task of a row that a run directory holds. */
export function taskOf(report: Report, row: ReportRow): TaskView | undefined {
  return report.runs
    .find((view) => row.source.kind === 'run' && view.dir === row.source.path)
    ?.tasks.find(({ file }) => file.key === row.taskKey && file.recipe === row.recipe && file.variant === row.variant);
}

/** What a row's tokens cost is of its mean throughput; a repeat that was faster gave cheaper ones. */
const COSTS: readonly [cost: string, throughput: string][] = [
  ['cost_per_mtok_output', 'output_throughput'],
  ['cost_per_mtok_total', 'total_token_throughput'],
];

function costs(row: ReportRow, own: Readonly<Record<string, number>>): Record<string, number> {
  const found = COSTS.flatMap(([cost, throughput]): [string, number][] => {
    const [mean, atMean, here] = [row.scalars[cost], row.scalars[throughput], own[throughput]];
    return mean === undefined || !atMean || !here ? [] : [[cost, (mean * atMean) / here]];
  });
  return Object.fromEntries(found);
}
