import { markup, type Markup } from '../html/markup.ts';
import type { ChartPoint, ChartSeries } from './line-chart.ts';
import { PLOT } from './plot.ts';

const { width: WIDTH, height: HEIGHT, left: LEFT, bottom: BOTTOM } = PLOT;
const round = (value: number): number => Math.round(value * 10) / 10;

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
export function placeLabels(series: readonly ChartSeries[], px: (v: number) => number, py: (v: number) => number): Markup[] {
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
