import { formatTick } from '../format.ts';
import { escapeHtml, markup, raw, type Markup } from '../html/markup.ts';
import type { Readout } from './readout.ts';
import type { Scale } from './scale.ts';

export interface ChartPoint {
  x: number;
  y: number;
  /** Printed beside the marker. */
  label?: string;
  /** Shown on hover, by the browser itself. */
  title?: string;
}

export interface ChartSeries {
  /** A colour class of the style sheet: `c0`… for kinds, `r0`… for ranks. */
  color: string;
  points: readonly ChartPoint[];
  dashed?: boolean;
  marker?: 'full' | 'hollow';
}

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
  formatX?: (value: number) => string;
  formatY?: (value: number) => string;
  series: readonly ChartSeries[];
  /** Read-out along the vertical axis. */
  readout?: Pick<Readout, 'at' | 'rows'>;
}

/** Drawing units; the page scales them to the room there is. */
const WIDTH = 520;
const HEIGHT = 320;
const LEFT = 54;
const RIGHT = 22;
const TOP = 30;
const BOTTOM = 48;

const round = (value: number): number => Math.round(value * 10) / 10;

/** A static chart as SVG. Nothing in it needs a script, a font or a network. */
export function lineChart(chart: LineChart): Markup {
  const { x, y, formatX = formatTick, formatY = formatTick } = chart;
  const px = (value: number) => round(LEFT + x.at(value) * (WIDTH - LEFT - RIGHT));
  const py = (value: number) => round(HEIGHT - BOTTOM - y.at(value) * (HEIGHT - TOP - BOTTOM));
  const yTicks = y.ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(tick)}" y2="${py(tick)}"/><text class="tick" x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${formatY(tick)}</text>`,
  );
  const xTicks = x.ticks.map(
    (tick) =>
      markup`<line class="mark" x1="${px(tick)}" x2="${px(tick)}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 4}"/><text class="tick" x="${px(tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${formatX(tick)}</text>`,
  );
  // A logarithmic axis has no place for a zero.
  const inside = (p: ChartPoint) => p.x >= x.min && p.x <= x.max && Number.isFinite(p.y) && (y.kind === 'linear' || p.y > 0);
  const series = chart.series.map((s) => ({ ...s, points: s.points.filter(inside) }));
  const lines = series.map((s) => {
    const points = s.points.map((p): [number, number] => [px(p.x), py(p.y)]);
    // A point in the middle of a vertical stretch adds nothing but bytes.
    const corners = points.filter(
      ([at], i) => i === 0 || i === points.length - 1 || points[i - 1]?.[0] !== at || points[i + 1]?.[0] !== at,
    );
    const path = corners.map(([cx, cy], i) => `${i === 0 ? 'M' : 'L'}${cx} ${cy}`).join('');
    return markup`<path class="line ${s.color}${s.dashed ? ' dashed' : ''}" d="${raw(path)}"/>`;
  });
  const markers = series.flatMap((s) =>
    s.marker
      ? s.points.map(
          (p) =>
            markup`<circle class="dot ${s.color} ${s.marker ?? ''}" cx="${px(p.x)}" cy="${py(p.y)}" r="4">${p.title ? markup`<title>${p.title}</title>` : null}</circle>`,
        )
      : [],
  );
  const labels = placeLabels(series, px, py);
  const readout: Readout | null = chart.readout ? { axis: 'y', box: [HEIGHT - BOTTOM, TOP, LEFT, WIDTH - RIGHT], ...chart.readout } : null;
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d"${readout ? markup` data-tip="${raw(escapeHtml(JSON.stringify(readout)))}"` : null}><title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc>
${yTicks}<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>${xTicks}
<text class="name" x="0" y="16">${chart.yLabel}</text><text class="name" x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${chart.xLabel}</text>
${lines}${markers}${labels}</svg>`;
}

/** Small boxes along a stretch of line, for labels to keep off. */
function along(a: ChartPoint, b: ChartPoint, px: (v: number) => number, py: (v: number) => number): Box[] {
  const [x0, y0, x1, y1] = [px(a.x), py(a.y), px(b.x), py(b.y)];
  const steps = Math.floor(Math.hypot(x1 - x0, y1 - y0) / 7);
  return Array.from({ length: Math.max(0, steps - 1) }, (_, i) => {
    const t = (i + 1) / steps;
    return { x: x0 + (x1 - x0) * t - 1, y: y0 + (y1 - y0) * t + 4, w: 2 };
  });
}

interface Box {
  x: number;
  y: number;
  w: number;
}

/** Labels above, below, left or right of their point, wherever none is yet; one that fits nowhere is left out. */
function placeLabels(series: readonly ChartSeries[], px: (v: number) => number, py: (v: number) => number): Markup[] {
  const taken: Box[] = series.flatMap((s) => [
    ...s.points.map((p) => ({ x: px(p.x) - 4, y: py(p.y) + 4, w: 8 })),
    ...s.points.slice(1).flatMap((p, i) => along(s.points[i] as ChartPoint, p, px, py)),
  ]);
  const own = taken.length;
  const hits = (box: Box) =>
    taken.some((other, i) => box.x < other.x + other.w && other.x < box.x + box.w && Math.abs(box.y - other.y) < (i < own ? 9 : 12));
  const out: Markup[] = [];
  for (const s of series) {
    for (const p of s.points) {
      if (!p.label) continue;
      const w = p.label.length * 7 + 2;
      const cx = px(p.x);
      const cy = py(p.y);
      const places: Box[] = [
        { x: cx - w / 2, y: cy + 19, w },
        { x: cx + 8, y: cy + 4, w },
        { x: cx - w / 2, y: cy - 9, w },
        { x: cx - w - 7, y: cy + 4, w },
        { x: cx + 7, y: cy + 15, w },
        { x: cx - w - 6, y: cy - 6, w },
      ];
      const place = places.find((box) => !hits(box) && box.x > LEFT && box.x + box.w < WIDTH && box.y > 24 && box.y < HEIGHT - BOTTOM);
      if (!place) continue;
      taken.push(place);
      out.push(
        markup`<text class="label ${s.color}" x="${round(place.x + w / 2)}" y="${round(place.y)}" text-anchor="middle">${p.label}</text>`,
      );
    }
  }
  return out;
}
