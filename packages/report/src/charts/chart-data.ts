import type { ChartPoint, ChartSeries, LineChart } from './line-chart.ts';
import { type Scale, scaleOf } from './scale.ts';
import type { StepPanels } from './step-panels.ts';

/** A chart of lines as it travels in the page: what its points have in common is said once. */
export interface PackedLines extends Pick<LineChart, 'xLabel' | 'yLabel' | 'xFormat' | 'yFormat' | 'along' | 'most' | 'limits'> {
  kind: 'lines';
  x: Omit<Scale, 'at'>;
  y: Omit<Scale, 'at'>;
  /** Heights that all series have; their points then give `x` alone. */
  ys?: number[];
  series: (Omit<ChartSeries, 'points'> & {
    x: number[];
    y?: number[];
    label?: string[];
    title?: string[];
    point?: string[];
    ring?: string[];
  })[];
}

export type PackedPanels = { kind: 'panels' } & Pick<StepPanels, 'bucketS' | 'panels'>;

export type PackedChart = PackedLines | PackedPanels;

/** As many digits as are ever read off a chart. */
const short = (value: number): number => Number(value.toPrecision(5));

export function packLines(chart: LineChart): PackedLines {
  const { x, y, xLabel, yLabel, xFormat, yFormat, along, most, limits, series } = chart;
  const ys = along && series[0] ? series[0].points.map((p) => p.y) : undefined;
  return {
    kind: 'lines',
    x,
    y,
    xLabel,
    yLabel,
    xFormat,
    yFormat,
    along,
    most,
    limits,
    ...(ys ? { ys } : {}),
    series: series.map(({ points, ...rest }) => ({
      ...rest,
      x: points.map((p) => short(p.x)),
      ...(ys ? {} : { y: points.map((p) => short(p.y)) }),
      ...texts('label', points, (p) => p.label),
      ...texts('title', points, (p) => p.title),
      ...texts('point', points, (p) => p.of),
      ...texts('ring', points, (p) => p.ring),
    })),
  };
}

function texts(name: 'label' | 'title' | 'point' | 'ring', points: readonly ChartPoint[], of: (point: ChartPoint) => string | undefined) {
  return points.some((point) => of(point) !== undefined) ? { [name]: points.map((point) => of(point) ?? '') } : {};
}

/** The chart again; its id and words are in the SVG. */
export function unpackLines({ ys, x, y, series, ...rest }: Omit<PackedLines, 'kind'>): Omit<LineChart, 'id' | 'title' | 'description'> {
  return {
    ...rest,
    x: scaleOf(x),
    y: scaleOf(y),
    series: series.map(({ x: xs, y: own, label, title, point, ring, ...of }) => ({
      ...of,
      points: xs.map((value, i) => ({
        x: value,
        y: (own ?? ys)?.[i] ?? Number.NaN,
        ...(label?.[i] ? { label: label[i] } : {}),
        ...(title?.[i] ? { title: title[i] } : {}),
        ...(point?.[i] ? { of: point[i] } : {}),
        ...(ring?.[i] ? { ring: ring[i] } : {}),
      })),
    })),
  };
}
