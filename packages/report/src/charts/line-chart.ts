import { jsonAttribute, markup, type Markup } from '../html/markup.ts';
import { packLines } from './chart-data.ts';
import { drawLines } from './draw-lines.ts';
import { narrowed } from './narrowed.ts';
import { PLOT } from './plot.ts';
import type { Scale } from './scale.ts';

export interface ChartPoint {
  x: number;
  y: number;
  /** Printed beside the marker. */
  label?: string;
  /** Shown on hover, by the browser itself. */
  title?: string;
  /** Id of the row that it is of. */
  of?: string;
  /** Set off by a ring, which says this. */
  ring?: string;
}

export interface ChartSeries {
  /** A colour class of the style sheet: `c0`… for kinds, `r0`… for ranks. */
  color: string;
  points: readonly ChartPoint[];
  /** For read-outs. */
  name?: string;
  /** Id of the task or the row that it is of. */
  of?: string;
  dashed?: boolean;
  marker?: 'full' | 'hollow';
  /** Markers alone, small and pale: what others beat. */
  faint?: boolean;
  /** A line alone, broad and pale, behind the others: what several have in common. */
  wide?: boolean;
  /** Joins only the points that no other beats in both directions, from left to right; the rest is faint. */
  frontier?: { x: 'higher' | 'lower'; y: 'higher' | 'lower' };
}

/** How the figures of an axis are written; else short numbers. */
export type AxisFormat = 'percent' | 'usd';

/** Plain data: it travels with the page, which draws it again when the reader filters or zooms. */
export interface LineChart {
  /** Unique in the page. */
  id: string;
  title: string;
  /** For those who cannot see it: what the curve does, in one or two sentences. */
  description: string;
  x: Scale;
  y: Scale;
  xLabel: string;
  yLabel: string;
  xFormat?: AxisFormat | undefined;
  yFormat?: AxisFormat | undefined;
  series: readonly ChartSeries[];
  /** Lines across the plot, as limits are. One outside the axis is not drawn. */
  limits?: readonly { axis: 'x' | 'y'; value: number; label: string }[] | undefined;
  /** Read out where all series cross a height, instead of single points. */
  along?: 'y' | undefined;
  /** Tasks drawn at once: the first ones of those that are not filtered out. */
  most?: number | undefined;
}

/** A static chart as SVG. Nothing in it needs a script, a font or a network. `later`: with nothing drawn in it yet, for the script to do. */
export function lineChart(chart: LineChart, { later = false }: { later?: boolean } = {}): Markup {
  return markup`<svg class="chart" viewBox="0 0 ${PLOT.width} ${PLOT.height}" id="${chart.id}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d" data-chart='${jsonAttribute(packLines(chart))}'><title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc><g class="drawn">
${later ? null : drawLines({ ...chart, series: narrowed(chart) })}</g></svg>`;
}
