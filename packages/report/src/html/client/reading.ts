import { bucketsOf } from '../../charts/draw-panels.ts';
import type { ChartSeries } from '../../charts/line-chart.ts';
import { PANELS, PLOT } from '../../charts/plot.ts';
import type { Scale } from '../../charts/scale.ts';
import type { StepPanels } from '../../charts/step-panels.ts';

/** What a chart says at one place. */
export interface Reading {
  /** Above the rows, or all there is to say. */
  title: string;
  rows: { name: string; color: string; text: string }[];
  /** Drawing units: a line across the plot, or a point. */
  mark: { x1: number; x2: number; y1: number; y2: number } | { x: number; y: number };
}

/** The places of a chart that can be read out, in order. */
export interface Readings {
  count: number;
  at(i: number): Reading;
  /** The one at a position in drawing units; null: there is none near. */
  near(x: number, y: number): number | null;
}

/** A pointer this far from a dot does not mean it. */
const NEAR = 30;

const number = (value: number | null | undefined, unit = ''): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? '–'
    : `${Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))}${unit}`;

const plot = { left: PLOT.left, right: PLOT.width - PLOT.right, top: PLOT.top, bottom: PLOT.height - PLOT.bottom };

/** Position on the plot, 0 to 1 from left and from below. */
export const onPlot = (x: number, y: number): [number, number] => [
  (x - plot.left) / (plot.right - plot.left),
  (plot.bottom - y) / (plot.bottom - plot.top),
];

/** The dots of a chart, those of one curve after those of the other. */
export function dotReadings(series: readonly ChartSeries[], x: Scale, y: Scale): Readings {
  const dots = series.flatMap(({ points, marker, faint, wide }) =>
    (marker || faint) && !wide
      ? points.flatMap((p) => {
          const at = { x: plot.left + x.at(p.x) * (plot.right - plot.left), y: plot.bottom - y.at(p.y) * (plot.bottom - plot.top) };
          const inside = at.x >= plot.left - 1 && at.x <= plot.right + 1 && at.y >= plot.top - 1 && at.y <= plot.bottom + 1;
          return p.title && inside ? [{ title: p.ring ? `${p.title}. ${p.ring}` : p.title, at }] : [];
        })
      : [],
  );
  return {
    count: dots.length,
    at: (i) => ({ title: dots[i]?.title ?? '', rows: [], mark: dots[i]?.at ?? { x: 0, y: 0 } }),
    near(px, py) {
      let best: number | null = null;
      let distance = NEAR ** 2;
      for (const [i, { at }] of dots.entries()) {
        const d = (at.x - px) ** 2 + (at.y - py) ** 2;
        if (d < distance) [best, distance] = [i, d];
      }
      return best;
    },
  };
}

/** Where all curves cross a height: shares of a distribution. */
export function crossReadings(series: readonly ChartSeries[], y: Scale, unit: string): Readings {
  const heights = (series[0]?.points ?? []).map((p) => p.y).filter((value) => value >= y.min - 1e-9 && value <= y.max + 1e-9);
  const skipped = (series[0]?.points ?? []).findIndex((p) => p.y === heights[0]);
  const py = (value: number) => plot.bottom - y.at(value) * (plot.bottom - plot.top);
  return {
    count: heights.length,
    at(i) {
      const height = heights[i] ?? 0;
      return {
        title: `${Number((height * 100).toFixed(1))} % within`,
        rows: series.map(({ name = '', color, points }) => ({ name, color, text: number(points[i + skipped]?.x, unit) })),
        mark: { x1: plot.left, x2: plot.right, y1: py(height), y2: py(height) },
      };
    },
    near(px, at) {
      if (px < plot.left - 20 || px > plot.right + 20 || at < plot.top - 10 || at > plot.bottom + 10) return null;
      let best: number | null = null;
      for (const [i, height] of heights.entries())
        if (best === null || Math.abs(py(height) - at) < Math.abs(py(heights[best] ?? 0) - at)) best = i;
      return best;
    },
  };
}

/** The buckets of panels over time. */
export function bucketReadings(chart: Pick<StepPanels, 'bucketS' | 'panels'>, range: readonly [number, number] | null): Readings {
  const [first, end] = bucketsOf(chart, range);
  const [left, right] = [PANELS.left, PANELS.width - PANELS.right];
  const bottom = PANELS.top + chart.panels.length * PANELS.panel + (chart.panels.length - 1) * PANELS.gap;
  const count = end - first;
  return {
    count,
    at(i) {
      const x = left + ((i + 0.5) / count) * (right - left);
      return {
        title: `${(first + i) * chart.bucketS} to ${(first + i + 1) * chart.bucketS} s`,
        rows: chart.panels.map(({ label, color, values }) => ({ name: label, color, text: number(values[first + i]) })),
        mark: { x1: x, x2: x, y1: PANELS.top, y2: bottom },
      };
    },
    near(px) {
      const share = (px - left) / (right - left);
      return share < -0.04 || share > 1.04 ? null : Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    },
  };
}

/** Position in time on panels, 0 to 1 from left. */
export const onPanels = (x: number): number => (x - PANELS.left) / (PANELS.width - PANELS.right - PANELS.left);

/** A reading as one sentence. */
export const spoken = ({ title, rows }: Reading): string =>
  rows.length === 0 ? title : `${title}: ${rows.map(({ name, text }) => `${name} ${text}`).join(', ')}`;
