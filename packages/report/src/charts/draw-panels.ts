import { formatTick } from '../format.ts';
import { markup, raw, type Markup } from '../html/markup.ts';
import { PANELS } from './plot.ts';
import { rangeScale, linearScale } from './scale.ts';
import type { Panel, StepPanels } from './step-panels.ts';

const { width: WIDTH, left: LEFT, right: RIGHT, panel: PANEL, gap: GAP, top: TOP, bottom: BOTTOM } = PANELS;

/** Values of a line that are few enough to be marked one by one. */
const MAX_DOTS = 30;

const round = (value: number): number => Math.round(value * 10) / 10;

/** Height of so many panels with their axis, drawing units. */
export const panelsHeight = (count: number): number => TOP + count * PANEL + (count - 1) * GAP + BOTTOM;

/** Buckets that a time range touches, as indices: from the first to the one after the last. */
export function bucketsOf(chart: Pick<StepPanels, 'bucketS' | 'panels'>, range: readonly [number, number] | null): [number, number] {
  const count = Math.max(1, ...chart.panels.map((p) => p.values.length));
  if (!range) return [0, count];
  const from = Math.min(count - 1, Math.max(0, Math.floor(range[0] / chart.bucketS + 1e-9)));
  return [from, Math.min(count, Math.max(from + 1, Math.ceil(range[1] / chart.bucketS - 1e-9)))];
}

/** What stands inside the SVG of panels. `range`: seconds from and to, where not all of the time is shown. */
export function drawPanels(chart: Pick<StepPanels, 'bucketS' | 'panels'>, range: readonly [number, number] | null = null): Markup {
  const { bucketS } = chart;
  const [first, end] = bucketsOf(chart, range);
  const count = end - first;
  const [fromS, toS] = [first * bucketS, end * bucketS];
  const x = range ? rangeScale('linear', fromS, toS, 6) : linearScale(toS, 6);
  const px = (s: number) => round(LEFT + (s / (toS - fromS)) * (WIDTH - LEFT - RIGHT));
  const panels = chart.panels.map((whole, i) => {
    const panel = { ...whole, values: whole.values.slice(first, end) };
    const base = TOP + i * (PANEL + GAP) + PANEL;
    const y = linearScale(Math.max(0, ...panel.values.map((v) => v ?? 0)), 2);
    const py = (value: number) => round(base - y.at(value) * PANEL);
    const ticks = y.ticks.map(
      (tick) =>
        markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(tick)}" y2="${py(tick)}"/><text class="tick" x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${formatTick(tick)}</text>`,
    );
    const shape = panel.line ? linePath(panel.values, bucketS, px, py) : stepPath(panel.values, bucketS, px, py);
    const area = panel.line
      ? null
      : markup`<path class="area ${panel.color}" d="${raw(`${shape}L${px(panel.values.length * bucketS)} ${base}L${px(0)} ${base}Z`)}"/>`;
    return markup`<text class="name" x="0" y="${base - PANEL - 14}">${panel.label}</text>${ticks}${area}<path class="line thin ${panel.color}" d="${raw(shape)}"/>${panel.line && count <= MAX_DOTS ? dots(panel, bucketS, px, py) : null}`;
  });
  const height = panelsHeight(chart.panels.length);
  const bottom = height - BOTTOM;
  const xTicks = x.ticks
    .filter((tick) => tick <= toS)
    .map((tick) => markup`<text class="tick" x="${px(tick - fromS)}" y="${bottom + 18}" text-anchor="middle">${formatTick(tick)}</text>`);
  return markup`${panels}<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>${xTicks}<text class="name" x="${WIDTH - RIGHT}" y="${height - 4}" text-anchor="end">seconds since the point’s start</text>`;
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
