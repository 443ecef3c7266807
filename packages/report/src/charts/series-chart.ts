import type { SeriesRow } from '@bench/core';
import type { PointDetail } from '../detail.ts';
import { formatMs, formatShort, plural } from '../format.ts';
import { taskId, type TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { stepPanels } from './step-panels.ts';

/** One of each thing that is sampled. */
const SAMPLED_COLORS = { engine: 'c6', GPU: 'c4', CPU: 'c5' };

/** A shorter point has no course to speak of. */
export const MIN_SECONDS = 3;

/** Tokens per second, requests in flight, TTFT, how busy the client was and what was sampled of engine and machine over time, a chart a point; none of short ones. */
export function seriesCharts(details: readonly { group: TaskGroup; points: readonly PointDetail[]; later?: boolean }[]): DrawnChart[][] {
  return details.map(({ group, points, later = false }) =>
    points.flatMap((point, p) =>
      point.series && point.series.rows.length >= MIN_SECONDS
        ? [
            {
              ...seriesChart(point, point.series, {
                id: `series-${taskId(group)}-${p}`,
                of: details.length > 1 ? group.name : null,
                later,
              }),
              of: point.row.id,
              names: [group.name, pointLabel(point.row)],
            },
          ]
        : [],
    ),
  );
}

function seriesChart(
  point: PointDetail,
  series: NonNullable<PointDetail['series']>,
  { id, of, later }: { id: string; of: string | null; later: boolean },
): DrawnChart {
  const { rows, bucketS } = series;
  const tokens = rows.map((row) => row.outputTokens);
  const inFlight = rows.map((row) => row.inFlight);
  const hasTokens = tokens.some((v) => v > 0);
  const done = rows.map((row) => row.done / bucketS);
  const ttft = rows.map((row) => row.ttftP50Ms);
  const hasTtft = ttft.some((v) => v !== null);
  const busy = rows.map((row) => busiest(row));
  const hasBusy = busy.some((v) => v !== null);
  const load = pointLabel(point.row);
  const peak = hasTokens
    ? `Output tokens peak at ${formatShort(Math.max(...tokens))} per second`
    : `Answers peak at ${formatShort(Math.max(...done))} per second`;
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  const levels = series.sampled.levels.map(
    ({ label, unit, value }) => `${label} ${formatShort(Number(value.toPrecision(3)))}${unit ? ` ${unit}` : ''}`,
  );
  const facts = [
    of,
    bucketS > 1 ? `means of ${bucketS} s` : null,
    failed > 0 ? `${plural(failed, 'request')} failed` : null,
    levels.length > 0 ? `level throughout: ${levels.join('; ')}` : null,
  ];
  return {
    id,
    title: `${load}, second by second`,
    subtitle: facts.filter(Boolean).join(', '),
    legend: [],
    svg: stepPanels(
      {
        id,
        title: `Second by second, ${load}`,
        description: `${plural(rows.length * bucketS, 'second')}. ${peak}; in flight at most ${formatShort(Math.max(...inFlight))} requests${hasTtft ? `; median TTFT up to ${formatMs(Math.max(...ttft.map((v) => v ?? 0)))}` : ''}${hasBusy ? `; the client busy at most ${formatShort(Math.max(...busy.map((v) => v ?? 0)))} %` : ''}.`,
        bucketS,
        panels: [
          hasTokens
            ? { label: 'output tokens per second', color: 'c0', values: tokens }
            : { label: 'answers per second', color: 'c0', values: done },
          { label: 'requests in flight, mean', color: 'c2', values: inFlight },
          ...(hasTtft ? [{ label: 'TTFT p50, ms', color: 'c1', values: ttft, line: true }] : []),
          ...(hasBusy ? [{ label: 'client, its busiest thread, %', color: 'c3', values: busy }] : []),
          ...series.sampled.courses.map(({ label, unit, of: thing, values }) => ({
            label: unit ? `${label}, ${unit}` : label,
            color: SAMPLED_COLORS[thing],
            values,
            line: true,
          })),
        ],
      },
      { later },
    ),
  };
}

/** Per cent of the second in which the client's busiest thread was at work, or waiting for a CPU; null: not known. */
function busiest({ client = [] }: SeriesRow): number | null {
  return client.length > 0
    ? Math.round(1000 * Math.max(...client.map(({ busy, wallMs }) => busy * Math.min(1, wallMs / 1000)))) / 10
    : null;
}
