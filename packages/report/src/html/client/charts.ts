import { all, announce, button, el } from './dom.ts';
import { type LiveChart, liveChart } from './live-chart.ts';
import { type Reading, spoken } from './reading.ts';
import { hideTip, showTip } from './tip.ts';
import { around, type Range } from './zooming.ts';

/** What happens to charts. */
export interface ChartEvents {
  /** What a chart shows has changed. */
  zoomed(chart: LiveChart): void;
}

/** Takes back the read-out that is shown. */
let hideActive: (() => void) | null = null;

/** Drawing units that a pointer must be dragged for a direction to count. */
const DRAG = 10;
const STEP = 0.6;

/** Read-outs by pointer and keys, and zoom by dragging, wheel, keys and buttons: for the charts within an element. */
export function enliven(within: ParentNode, events: ChartEvents): void {
  if (within === document) addEventListener('scroll', () => hideActive?.(), { passive: true });
  for (const svg of all<SVGSVGElement>('svg.chart', within)) {
    svg.setAttribute('tabindex', '0');
    svg.setAttribute('role', 'application');
    svg.setAttribute('aria-roledescription', 'chart');
    svg.setAttribute('aria-describedby', 'chart-keys');
    listen(svg, events);
    const figure = svg.closest('figure');
    if (figure) figure.prepend(tools(svg, events));
  }
}

function tools(svg: SVGSVGElement, events: ChartEvents): HTMLElement {
  const go = (act: (chart: LiveChart) => void) => () => {
    const chart = liveChart(svg);
    act(chart);
    changed(chart, events);
  };
  // The chart itself takes keys: buttons would be three more stops on the way through the page.
  const off = { tabindex: '-1' };
  return el(
    'div',
    { class: 'tools' },
    button(
      '+',
      { ...off, 'aria-label': 'Zoom in' },
      go((chart) => zoomAt(chart, [0.5, 0.5], STEP)),
    ),
    button(
      '−',
      { ...off, 'aria-label': 'Zoom out' },
      go((chart) => zoomAt(chart, [0.5, 0.5], 1 / STEP)),
    ),
    button(
      'All',
      { ...off, 'aria-label': 'Show all of the chart' },
      go((chart) => chart.setZoom([])),
    ),
  );
}

/** After a zoom by hand or from a link. */
export function markZoomed(chart: LiveChart): void {
  chart.svg.closest('figure')?.classList.toggle('zoomed', chart.zoom().length > 0);
}

function changed(chart: LiveChart, events: ChartEvents): void {
  hideTip();
  clearMark(chart.svg);
  markZoomed(chart);
  events.zoomed(chart);
}

function zoomAt(chart: LiveChart, [x, y]: readonly [number, number], factor: number): void {
  chart.zoomInto(around(x, factor), chart.flat ? null : around(y, factor));
}

function listen(svg: SVGSVGElement, events: ChartEvents): void {
  let drag: { x: number; y: number; box: SVGElement } | null = null;
  let at: number | null = null;
  const place = (event: MouseEvent) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM()?.inverse());
    return { x: point.x, y: point.y };
  };
  const hide = () => {
    hideTip();
    clearMark(svg);
    at = null;
  };
  const read = (i: number | null, where: MouseEvent | null) => {
    if (i === null) return hide();
    at = i;
    hideActive = hide;
    const reading = liveChart(svg).readings().at(i);
    setMark(svg, reading);
    if (where) return showTip(reading, where.clientX, where.clientY);
    const matrix = svg.getScreenCTM();
    const { mark } = reading;
    const point = new DOMPoint('x' in mark ? mark.x : mark.x1, 'y' in mark ? mark.y : mark.y1).matrixTransform(matrix ?? undefined);
    showTip(reading, point.x, point.y);
    announce(spoken(reading));
  };
  const hover = (event: PointerEvent) => {
    const { x, y } = place(event);
    read(liveChart(svg).readings().near(x, y), event);
  };

  svg.addEventListener('pointerdown', (event) => {
    hover(event);
    if (event.button !== 0 || event.pointerType === 'touch') return;
    const box = document.createElementNS(svg.namespaceURI as 'http://www.w3.org/2000/svg', 'rect');
    box.setAttribute('class', 'picked');
    drag = { ...place(event), box };
    svg.append(box);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', (event) => {
    if (!drag) return hover(event);
    const now = place(event);
    const chart = liveChart(svg);
    const { x, y } = spanOf(chart, drag, now);
    if (!x && !y) return;
    hide();
    const bounds = svg.viewBox.baseVal;
    const side = (name: string, from: number, to: number, whole: number, used: boolean) => {
      drag?.box.setAttribute(name, String(used ? Math.min(from, to) : 0));
      drag?.box.setAttribute(name === 'x' ? 'width' : 'height', String(used ? Math.abs(to - from) : whole));
    };
    side('x', drag.x, now.x, bounds.width, x);
    side('y', drag.y, now.y, bounds.height, y);
  });
  const end = (event: PointerEvent, kept: boolean) => {
    if (!drag) return;
    const from = drag;
    drag = null;
    from.box.remove();
    const chart = liveChart(svg);
    const now = place(event);
    const { x, y } = spanOf(chart, from, now);
    if (!kept || (!x && !y)) return;
    const [x0, y0] = chart.position(from.x, from.y);
    const [x1, y1] = chart.position(now.x, now.y);
    const order = (a: number, b: number): Range => [Math.max(0, Math.min(a, b)), Math.min(1, Math.max(a, b))];
    chart.zoomInto(x ? order(x0, x1) : [0, 1], y ? order(y0, y1) : null);
    changed(chart, events);
  };
  svg.addEventListener('pointerup', (event) => end(event, true));
  svg.addEventListener('pointercancel', (event) => end(event, false));
  svg.addEventListener('pointerleave', () => drag ?? hide());
  svg.addEventListener('blur', hide);
  svg.addEventListener('dblclick', () => {
    const chart = liveChart(svg);
    chart.setZoom([]);
    changed(chart, events);
  });
  svg.addEventListener(
    'wheel',
    (event) => {
      // Without a key the wheel scrolls the page.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const chart = liveChart(svg);
      const { x, y } = place(event);
      zoomAt(chart, chart.position(x, y), event.deltaY < 0 ? STEP : 1 / STEP);
      changed(chart, events);
    },
    { passive: false },
  );
  svg.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const chart = liveChart(svg);
    const readings = chart.readings();
    const last = readings.count - 1;
    const steps: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const step = steps[event.key];
    const shift: Record<string, Range> = { ArrowRight: [0.2, 1.2], ArrowLeft: [-0.2, 0.8] };
    if (event.shiftKey && shift[event.key]) chart.zoomInto(shift[event.key] as Range, null);
    else if (event.key === '+' || event.key === '=' || event.key === '-') {
      const mark = at === null ? null : readings.at(at).mark;
      const centre = mark ? chart.position('x' in mark ? mark.x : mark.x1, 'y' in mark ? mark.y : mark.y1) : ([0.5, 0.5] as const);
      zoomAt(chart, centre, event.key === '-' ? 1 / STEP : STEP);
    } else if (event.key === '0') chart.setZoom([]);
    else {
      if (last < 0) return;
      if (event.key === 'Home') read(0, null);
      else if (event.key === 'End') read(last, null);
      else if (event.key === 'Escape') hide();
      else if (step) read(at === null ? (step > 0 ? 0 : last) : Math.min(last, Math.max(0, at + step)), null);
      else return;
      event.preventDefault();
      return;
    }
    event.preventDefault();
    at = null;
    changed(chart, events);
    announce(chart.zoom().length > 0 ? 'A part of the chart is shown' : 'All of the chart is shown');
  });
}

/** Directions that a drag has gone in. */
function spanOf(chart: LiveChart, from: { x: number; y: number }, to: { x: number; y: number }): { x: boolean; y: boolean } {
  return { x: Math.abs(to.x - from.x) > DRAG, y: !chart.flat && Math.abs(to.y - from.y) > DRAG };
}

function clearMark(svg: SVGSVGElement): void {
  for (const old of all('.cross,.here', svg)) old.remove();
}

function setMark(svg: SVGSVGElement, { mark }: Reading): void {
  clearMark(svg);
  const dot = 'x' in mark;
  const shape = document.createElementNS(svg.namespaceURI as 'http://www.w3.org/2000/svg', dot ? 'circle' : 'line');
  const given = dot ? { class: 'here', cx: mark.x, cy: mark.y, r: 7 } : { class: 'cross', ...mark };
  for (const [name, value] of Object.entries(given)) shape.setAttribute(name, String(value));
  svg.append(shape);
}
