import { metric } from '@bench/core';
import { SHARES, type Curve, type PointDetail } from '../detail.ts';
import { formatMs } from '../format.ts';
import { taskId, type TaskGroup } from '../groups.ts';
import { rankColor } from '../html/colors.ts';
import { pointLabel } from '../labels.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { lineChart } from './line-chart.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

/** What is drawn of the points that have it. */
export interface DistributionPlan {
  /** Unique in the report. */
  id: string;
  kind: 'ttft' | 'itl';
  group: TaskGroup;
  points: readonly { point: PointDetail; curve: Curve }[];
  /** The group is one of several: its name is told. */
  named: boolean;
  /** Left to the page's script to draw. */
  later?: boolean;
}

/** Enough to see a curve by: every second per cent, and the tail. */
const FEW = SHARES.filter((share, i) => i % 4 === 0 || share >= 0.95);

/** How TTFT, or the gaps between tokens, of one task are spread: the share of them over the time, a curve a point. */
export function distributionChart({ id, kind, group, points, named, later = false }: DistributionPlan): DrawnChart {
  const label = metric(`${kind}_ms`)?.label ?? kind;
  const words = kind === 'ttft' ? 'Time to first token' : 'Time between tokens';
  const title = `${words}, cumulative distribution`;
  const x = xScale(points.map(({ curve }) => curve));
  const color = (i: number) => rankColor(i, points.length);
  const medians = points.map(
    ({ point, curve }) =>
      `${pointLabel(point.row)}: half within ${formatMs(curve.quantiles[100])}, 99 % within ${formatMs(curve.quantiles[198])}`,
  );
  const exact = points.every(({ curve }) => curve.from === 'samples');
  return {
    id,
    names: [group.name],
    title,
    subtitle: `${named ? `${group.name} · ` : ''}${label}${exact ? '' : ', drawn from stored percentiles'}`,
    legend: points.map(({ point }, i) => ({ color: color(i), name: pointLabel(point.row) })),
    svg: lineChart(
      {
        id,
        title: `${title}${named ? `, ${group.name}` : ''}`,
        description: `${medians.join('; ')}.`,
        x,
        y: { ...linearScale(1), ticks: [0, 0.25, 0.5, 0.75, 0.9, 1] },
        xLabel: `${label}, ms${x.kind === 'log' ? ' (log scale)' : ''}`,
        yLabel: 'share within',
        yFormat: 'percent',
        along: 'y',
        series: points.map(({ point, curve }, i) => ({
          name: pointLabel(point.row),
          of: point.row.id,
          color: color(i),
          points: (later ? FEW : SHARES).map((share) => ({ x: curve.quantiles[SHARES.indexOf(share)] ?? 0, y: share })),
        })),
      },
      { later },
    ),
  };
}

/** Charts of all the tasks whose details were read: of those that have samples, or stored percentiles. */
export function distributionPlans(
  details: readonly { group: TaskGroup; points: readonly PointDetail[]; later?: boolean }[],
): DistributionPlan[] {
  return details.flatMap(({ group, points, later = false }) =>
    (['ttft', 'itl'] as const).flatMap((kind) => {
      const drawn = points.flatMap((point) => (point[kind] ? [{ point, curve: point[kind] }] : []));
      return drawn.length === 0 ? [] : [{ id: `${kind}-${taskId(group)}`, kind, group, points: drawn, named: details.length > 1, later }];
    }),
  );
}

/** To the slowest 0.5 % of the slowest curve; logarithmic when that is far from the fastest. */
function xScale(curves: readonly Curve[]): Scale {
  const low = Math.min(...curves.map((curve) => curve.quantiles[2] ?? 0));
  const high = Math.max(...curves.map((curve) => curve.quantiles[199] ?? 0));
  return low > 0 && high / low > 12 ? logScale(low, high) : linearScale(high, 6);
}
