import { formatTick } from '../format.ts';
import { escapeHtml, markup, raw, type Markup } from '../html/markup.ts';
import { shortNumber, type Readout } from './readout.ts';
import { linearScale } from './scale.ts';

export interface Panel {
  label: string;
  color: string;
  /** One value a bucket; null: none. */
  values: readonly (number | null)[];
  /** Values are joined by a line instead of drawn as steps. */
  line?: boolean;
}

export interface StepPanels {
  id: string;
  title: string;
  description: string;
  /** Seconds a bucket. */
  bucketS: number;
  panels: readonly Panel[];
}

const WIDTH = 520;
const LEFT = 54;
const RIGHT = 14;
const PANEL = 64;
const GAP = 38;
const TOP = 28;
const BOTTOM = 40;

/** Values of a line that are few enough to be marked one by one. */
const MAX_DOTS = 30;

const round = (value: number): number => Math.round(value * 10) / 10;

/** Panels above each other under one time axis. */
export function stepPanels(chart: StepPanels): Markup {
  const count = Math.max(1, ...chart.panels.map((p) => p.values.length));
  const endS = count * chart.bucketS;
  const x = linearScale(endS, 6);
  const px = (s: number) => round(LEFT + (s / endS) * (WIDTH - LEFT - RIGHT));
  const height = TOP + chart.panels.length * PANEL + (chart.panels.length - 1) * GAP + BOTTOM;
  const panels = chart.panels.map((panel, i) => {
    const base = TOP + i * (PANEL + GAP) + PANEL;
    const y = linearScale(Math.max(0, ...panel.values.map((v) => v ?? 0)), 2);
    const py = (value: number) => round(base - y.at(value) * PANEL);
    const ticks = y.ticks.map(
      (tick) =>
        markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(tick)}" y2="${py(tick)}"/><text class="tick" x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${formatTick(tick)}</text>`,
    );
    const shape = panel.line ? linePath(panel.values, chart.bucketS, px, py) : stepPath(panel.values, chart.bucketS, px, py);
    const area = panel.line
      ? null
      : markup`<path class="area ${panel.color}" d="${raw(`${shape}L${px(panel.values.length * chart.bucketS)} ${base}L${px(0)} ${base}Z`)}"/>`;
    return markup`<text class="name" x="0" y="${base - PANEL - 14}">${panel.label}</text>${ticks}${area}<path class="line thin ${panel.color}" d="${raw(shape)}"/>${panel.line && count <= MAX_DOTS ? dots(panel, chart.bucketS, px, py) : null}`;
  });
  const bottom = height - BOTTOM;
  const readout: Readout = {
    axis: 'x',
    box: [LEFT, WIDTH - RIGHT, TOP, bottom],
    stepS: chart.bucketS,
    rows: chart.panels.map((p) => ({
      name: p.label,
      color: p.color,
      values: Array.from({ length: count }, (_, i) => shortNumber(p.values[i] ?? null)),
    })),
  };
  const xTicks = x.ticks
    .filter((tick) => tick <= endS)
    .map((tick) => markup`<text class="tick" x="${px(tick)}" y="${bottom + 18}" text-anchor="middle">${formatTick(tick)}</text>`);
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d" data-tip="${raw(escapeHtml(JSON.stringify(readout)))}"><title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc>${panels}<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>${xTicks}<text class="name" x="${WIDTH - RIGHT}" y="${height - 4}" text-anchor="end">seconds since the point’s start</text></svg>`;
}

function dots(panel: Panel, bucketS: number, px: (s: number) => number, py: (v: number) => number): Markup[] {
  return panel.values.flatMap((v, i) =>
    v === null ? [] : [markup`<circle class="dot ${panel.color}" cx="${px((i + 0.5) * bucketS)}" cy="${py(v)}" r="1.6"/>`],
  );
}

function stepPath(values: readonly (number | null)[], bucketS: number, px: (s: number) => number, py: (v: number) => number): string {
  return values.map((v, i) => `${i === 0 ? 'M' : 'L'}${px(i * bucketS)} ${py(v ?? 0)}L${px((i + 1) * bucketS)} ${py(v ?? 0)}`).join('');
}

function linePath(values: readonly (number | null)[], bucketS: number, px: (s: number) => number, py: (v: number) => number): string {
  let pen = 'M';
  let path = '';
  values.forEach((v, i) => {
    if (v === null) {
      pen = 'M';
      return;
    }
    path += `${pen}${px((i + 0.5) * bucketS)} ${py(v)}`;
    // A value between two gaps would draw nothing.
    if (pen === 'M' && (values[i + 1] ?? null) === null) path += 'h0.01';
    pen = 'L';
  });
  return path;
}
