import { type PackedChart, type PackedPanels, unpackLines } from '../../charts/chart-data.ts';
import { drawLines } from '../../charts/draw-lines.ts';
import { drawPanels } from '../../charts/draw-panels.ts';
import type { ChartSeries } from '../../charts/line-chart.ts';
import { type Choice, narrowed } from '../../charts/narrowed.ts';
import { rangeScale, type Scale } from '../../charts/scale.ts';
import { bucketReadings, crossReadings, dotReadings, onPanels, onPlot, type Readings } from './reading.ts';
import { fits, type Range, zoomed } from './zooming.ts';

/** A chart that can be drawn again. Positions are of what it shows, 0 to 1 from left and from below. */
export interface LiveChart {
  svg: SVGSVGElement;
  /** From and to of x, and of y where that is not shown whole. Empty: all is shown. */
  zoom(): readonly number[];
  /** Shows a part; what does not fit the axes shows all. */
  setZoom(range: readonly number[]): void;
  /** Goes into what is shown. `y`: null leaves the height as it is. */
  zoomInto(x: Range, y: Range | null): void;
  /** Draws again, of what is left after filtering. */
  choose(choice: Choice): void;
  readings(): Readings;
  /** Drawing units to positions. */
  position(x: number, y: number): [number, number];
  /** What it shows of its curves; empty for panels. */
  series(): readonly ChartSeries[];
  /** Has no height to go into. */
  flat: boolean;
}

const known = new WeakMap<SVGSVGElement, LiveChart>();

/** The chart of an SVG, read from what travels with it when it is first touched. */
export function liveChart(svg: SVGSVGElement): LiveChart {
  const before = known.get(svg);
  if (before) return before;
  const packed = JSON.parse(svg.dataset['chart'] ?? '{}') as PackedChart;
  const live = packed.kind === 'panels' ? livePanels(svg, packed) : liveLines(svg, unpackLines(packed));
  known.set(svg, live);
  return live;
}

function draw(svg: SVGSVGElement, text: string): void {
  const inner = svg.querySelector('g.drawn');
  if (!inner) return;
  inner.innerHTML = text;
  // The page's own read-out takes the place of the browser's.
  for (const title of inner.querySelectorAll('circle title')) title.remove();
}

function livePanels(svg: SVGSVGElement, chart: PackedPanels): LiveChart {
  const whole = rangeScale('linear', 0, Math.max(1, ...chart.panels.map(({ values }) => values.length)) * chart.bucketS);
  let range: Range | null = null;
  const redraw = () => draw(svg, drawPanels(chart, range).text);
  const set = (next: Range | null) => {
    range = next;
    redraw();
  };
  redraw();
  return {
    svg,
    flat: true,
    zoom: () => range ?? [],
    setZoom: ([from = 0, to = 0]) => set(fits(whole, [from, to]) ? [from, to] : null),
    zoomInto: (x) => set(zoomed(whole, range ? rangeScale('linear', ...range) : whole, ...x)),
    choose: redraw,
    series: () => [],
    readings: () => bucketReadings(chart, range),
    position: (x) => [onPanels(x), 0.5],
  };
}

function liveLines(svg: SVGSVGElement, chart: ReturnType<typeof unpackLines>): LiveChart {
  let x: Range | null = null;
  let y: Range | null = null;
  let series = narrowed(chart);
  const shown = (whole: Scale, range: Range | null) => (range ? rangeScale(whole.kind, ...range) : whole);
  const view = () => ({ x: shown(chart.x, x), y: shown(chart.y, y) });
  const redraw = () => draw(svg, drawLines({ ...chart, ...view(), series }, { clipped: x !== null || y !== null }).text);
  const unit = /, (\S+)/.exec(chart.xLabel)?.[1] ?? '';
  redraw();
  return {
    svg,
    flat: false,
    zoom: () => (x || y ? [...(x ?? [chart.x.min, chart.x.max]), ...(y ?? [])] : []),
    setZoom([x0 = 0, x1 = 0, y0 = 0, y1 = 0]) {
      x = fits(chart.x, [x0, x1]) ? [x0, x1] : null;
      y = fits(chart.y, [y0, y1]) ? [y0, y1] : null;
      redraw();
    },
    zoomInto(across, up) {
      const now = view();
      x = zoomed(chart.x, now.x, ...across);
      if (up) y = zoomed(chart.y, now.y, ...up);
      redraw();
    },
    choose(choice) {
      series = narrowed(chart, choice);
      redraw();
    },
    series: () => series,
    readings: () =>
      chart.along ? crossReadings(series, view().y, unit === '' ? '' : ` ${unit}`) : dotReadings(series, view().x, view().y),
    position: onPlot,
  };
}
