import { jsonAttribute, markup, type Markup } from '../html/markup.ts';
import type { PackedPanels } from './chart-data.ts';
import { drawPanels, panelsHeight } from './draw-panels.ts';
import { PANELS } from './plot.ts';

export interface Panel {
  label: string;
  color: string;
  /** One value a bucket; null: none. */
  values: readonly (number | null)[];
  /** Values are joined by a line instead of drawn as steps. */
  line?: boolean;
}

/** Plain data: it travels with the page, which draws it again when the reader zooms. */
export interface StepPanels {
  id: string;
  title: string;
  description: string;
  /** Seconds a bucket. */
  bucketS: number;
  panels: readonly Panel[];
}

/** Three digits are read, four are kept. */
const short = (value: number | null): number | null => (value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4)));

/** Panels above each other under one time axis. `later`: with nothing drawn in it yet, for the script to do. */
export function stepPanels(chart: StepPanels, { later = false }: { later?: boolean } = {}): Markup {
  const panels = chart.panels.map((panel) => ({ ...panel, values: panel.values.map(short) }));
  const packed: PackedPanels = { kind: 'panels', bucketS: chart.bucketS, panels };
  return markup`<svg class="chart" viewBox="0 0 ${PANELS.width} ${panelsHeight(panels.length)}" id="${chart.id}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d" data-chart='${jsonAttribute(packed)}'><title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc><g class="drawn">${later ? null : drawPanels({ ...chart, panels })}</g></svg>`;
}
