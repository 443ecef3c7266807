import { formatTick } from '../format.ts';
import { markup, raw, type Markup } from '../html/markup.ts';
import { nonDominated } from './frontier.ts';
import type { AxisFormat, ChartPoint, LineChart } from './line-chart.ts';
import { placeLabels } from './place-labels.ts';
import { PLOT } from './plot.ts';

const { width: WIDTH, height: HEIGHT, left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM } = PLOT;

/** Edges where lines end that go on outside; with room for half a dot. */
const CUT = { x: LEFT - 4, y: TOP - 4, w: WIDTH - LEFT - RIGHT + 8, h: HEIGHT - TOP - BOTTOM + 8 };

const round = (value: number): number => Math.round(value * 10) / 10;

const WRITTEN: Record<AxisFormat, (value: number) => string> = {
  percent: (value) => `${Number((value * 100).toPrecision(4))} %`,
  usd: (value) => `$${formatTick(value)}`,
};

/**
 * What stands inside the SVG of a chart of lines. `clipped`: the axes show a part of the points only, and what lies outside is cut off
 * at the edges of the plot.
 */
export function drawLines(
  chart: Pick<LineChart, 'x' | 'y' | 'xLabel' | 'yLabel' | 'xFormat' | 'yFormat' | 'series' | 'limits'>,
  { clipped = false }: { clipped?: boolean } = {},
): Markup {
  const { x, y } = chart;
  const formatX = chart.xFormat ? WRITTEN[chart.xFormat] : formatTick;
  const formatY = chart.yFormat ? WRITTEN[chart.yFormat] : formatTick;
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
  const known = (p: ChartPoint) => Number.isFinite(p.y) && (y.kind === 'linear' || p.y > 0) && (x.kind === 'linear' || p.x > 0);
  const inside = (p: ChartPoint) => known(p) && p.x >= x.min && p.x <= x.max && (!clipped || (p.y >= y.min && p.y <= y.max));
  const series = chart.series.map((s) => {
    const front = s.frontier ? nonDominated(s.points.filter(known), s.frontier) : s.points;
    const beaten = s.frontier && !s.wide ? s.points.filter((p) => inside(p) && !front.includes(p)) : [];
    return { ...s, points: front.filter(inside), line: s.faint ? [] : front.filter(clipped ? known : inside), beaten };
  });
  const lines = [...series]
    .sort((a, b) => Number(b.wide ?? false) - Number(a.wide ?? false))
    .map((s) => {
      if (s.line.length === 0) return null;
      const points = s.line.map((p): [number, number] => [px(p.x), py(p.y)]);
      // A point in the middle of a vertical stretch adds nothing but bytes.
      const corners = points.filter(
        ([at], i) => i === 0 || i === points.length - 1 || points[i - 1]?.[0] !== at || points[i + 1]?.[0] !== at,
      );
      const path = corners.map(([cx, cy], i) => `${i === 0 ? 'M' : 'L'}${cx} ${cy}`).join('');
      return markup`<path class="line ${s.color}${s.dashed ? ' dashed' : ''}${s.wide ? ' wide' : ''}" d="${raw(path)}"/>`;
    });
  const dot = (p: ChartPoint, look: string, r: number) =>
    markup`<circle class="${look}" cx="${px(p.x)}" cy="${py(p.y)}" r="${r}">${p.title ? markup`<title>${p.title}</title>` : null}</circle>`;
  const markers = series.flatMap((s) => [
    ...[...s.beaten, ...(s.faint ? s.points : [])].map((p) => dot(p, `dot faint ${s.color}`, 2.5)),
    ...(s.marker && !s.faint ? s.points.map((p) => dot(p, `dot ${s.color} ${s.marker}`, 4)) : []),
    ...s.points.flatMap((p) => (p.ring ? [dot({ ...p, title: p.ring }, `ring ${s.color}`, 8)] : [])),
  ]);
  const limits = (chart.limits ?? []).flatMap(({ axis, value, label }) => {
    const scale = axis === 'x' ? x : y;
    if (!(value >= scale.min && value <= scale.max)) return [];
    const at = axis === 'x' ? px(value) : py(value);
    const [ends, text] =
      axis === 'x'
        ? [
            { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM },
            { x: at + 4, y: TOP + 8, anchor: 'start' },
          ]
        : [
            { x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at },
            { x: WIDTH - RIGHT, y: at - 5, anchor: 'end' },
          ];
    return markup`<line class="limit" x1="${ends.x1}" x2="${ends.x2}" y1="${ends.y1}" y2="${ends.y2}"/><text class="limit" x="${text.x}" y="${text.y}" text-anchor="${text.anchor}">${label}</text>`;
  });
  const labels = placeLabels(
    series.filter(({ wide, faint }) => !wide && !faint),
    px,
    py,
  );
  const plot = markup`${limits}${lines}${markers}`;
  return markup`${yTicks}<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>${xTicks}
<text class="name" x="0" y="16">${chart.yLabel}</text><text class="name" x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${chart.xLabel}</text>
${clipped ? markup`<svg x="${CUT.x}" y="${CUT.y}" width="${CUT.w}" height="${CUT.h}" viewBox="${CUT.x} ${CUT.y} ${CUT.w} ${CUT.h}">${plot}</svg>` : plot}${labels}`;
}
