import { taskOf } from '../../row-id.ts';
import { enliven, markZoomed } from './charts.ts';
import { all, el } from './dom.ts';
import { applyFilter } from './filter.ts';
import { filterBar } from './filter-bar.ts';
import { laterCharts } from './later.ts';
import { liveChart } from './live-chart.ts';
import { summaryTable } from './summary.ts';
import { sortAlone } from './tables.ts';
import type { ViewData } from '../view-data.ts';
import { AS_WRITTEN, readHash, type ViewState, writeHash } from './view-state.ts';

/** Colours that groups are told apart by. */
const COLORS = 8;

/** What the page can do beyond being read; without this script it is whole. */
function start(place: HTMLElement): void {
  const data = JSON.parse(place.dataset['view'] ?? '{}') as ViewData;
  let view: ViewState = AS_WRITTEN;
  let section = '';
  // Only those that the page was written with: a link counts them.
  const folded = all<HTMLDetailsElement>('main details');
  const openAsWritten = openOnes().join('.');

  function openOnes(): number[] {
    return folded.flatMap((details, i) => (details.open ? [i] : []));
  }
  const remember = () => {
    const hash = writeHash(section, view);
    // What a page of its own may not do in some places it can be read without.
    try {
      history.replaceState(history.state, '', hash === '' ? `${location.pathname}${location.search}` : hash);
    } catch {
      return;
    }
  };
  const events = {
    zoomed(chart: ReturnType<typeof liveChart>) {
      const zoom = new Map(view.zoom);
      if (chart.zoom().length > 0) zoom.set(chart.svg.id, chart.zoom());
      else zoom.delete(chart.svg.id);
      view = { ...view, zoom };
      remember();
    },
  };
  const change = (part: Partial<ViewState>) => {
    view = { ...view, ...part };
    show();
    remember();
  };

  const summary = summaryTable(data, (sort) => change({ sort }));
  for (const table of all<HTMLTableElement>('main > section:not(#summary) table')) sortAlone(table);
  const bar = filterBar(place, data, { change, link: () => location.href });
  const later = laterCharts(data, {
    made(element) {
      enliven(element, events);
      for (const table of all<HTMLTableElement>('table', element)) sortAlone(table);
    },
    ask: (task) => change({ draw: [...new Set([...view.draw, task])] }),
  });
  enliven(document, events);

  /** Puts the page in step with the view. */
  function show(): void {
    const left = applyFilter(data, view.filter);
    bar.show(view, left);
    summary?.show(view, left.shown);
    const tasks = new Set([...left.shown].map(taskOf));
    later.show(tasks, view.draw);
    const shows = (id: string) => left.shown.has(id) || tasks.has(id);
    for (const part of all<HTMLElement>('main [data-of]:not(li)')) part.hidden = !(part.dataset['of'] ?? '').split(' ').some(shows);
    showCharts(shows);
  }

  let charted = '';
  function showCharts(shows: (id: string) => boolean): void {
    const f = data.facets.findIndex(({ id }) => id === view.group);
    const first = new Map(data.rows.map((row) => [row.id, row.values[f]?.[0] ?? -1]));
    for (const row of [...data.rows].reverse()) first.set(taskOf(row.id), row.values[f]?.[0] ?? -1);
    const colorOf = f < 0 ? null : (id: string) => `c${((first.get(id) ?? -1) + COLORS) % COLORS}`;
    const key = writeHash('', { ...AS_WRITTEN, filter: view.filter, group: f < 0 ? 'task' : view.group, draw: view.draw });
    // As it was written the page has its charts already.
    if (charted !== key)
      for (const svg of all<SVGSVGElement>('main svg.chart'))
        if (svg.closest('[hidden]') === null) liveChart(svg).choose({ shows, colorOf });
    charted = key;
    for (const svg of all<SVGSVGElement>('main svg.chart')) {
      if (svg.querySelector('g.drawn > *') === null) liveChart(svg);
      const range = view.zoom.get(svg.id);
      if (range) {
        liveChart(svg).setZoom(range);
        markZoomed(liveChart(svg));
      }
    }
    for (const list of all<HTMLElement>('ul[data-legend]')) legend(list, { shows, f });
  }

  /** Names what the colours of the charts above it stand for now. */
  function legend(list: HTMLElement, { shows, f }: { shows: (id: string) => boolean; f: number }): void {
    const written = (list.dataset['written'] ??= list.innerHTML);
    if (f < 0 && charted === '') {
      list.innerHTML = written;
      return;
    }
    const svg = list.parentElement?.querySelector<SVGSVGElement>('svg.chart');
    if (!svg) return;
    const named = new Map<string, string>();
    for (const { color, of, name } of liveChart(svg).series()) {
      if (of === undefined || !shows(of)) continue;
      const values = data.rows.find((row) => taskOf(row.id) === taskOf(of))?.values[f] ?? [];
      const text = f < 0 ? (name ?? '') : (data.facets[f]?.values[values[0] ?? -1] ?? 'not known');
      named.set(text, color);
    }
    list.replaceChildren(...[...named].map(([text, color]) => el('li', {}, el('i', { class: color }), el('bdi', {}, text))));
  }

  /** Follows the address: at the start, and when it is changed by hand or by a link within the page. */
  function follow(): void {
    const asked = readHash(location.hash, data);
    section = asked.section;
    if (asked.view) {
      for (const id of view.zoom.keys()) {
        const svg = document.getElementById(id);
        if (svg instanceof SVGSVGElement && !asked.view.zoom.has(id)) {
          liveChart(svg).setZoom([]);
          markZoomed(liveChart(svg));
        }
      }
      view = asked.view;
      if (view.open) for (const [i, details] of folded.entries()) details.open = view.open.includes(i);
      show();
    }
    remember();
    // The browser finds a section by the whole of what stands after the sign.
    if (asked.view && section !== '') document.getElementById(section)?.scrollIntoView();
  }

  show();
  if (location.hash !== '') follow();
  addEventListener('hashchange', follow);
  for (const details of folded)
    details.addEventListener('toggle', () => {
      const open = openOnes();
      view = { ...view, open: open.join('.') === openAsWritten ? null : open };
      remember();
    });
  document.documentElement.classList.add('scripted');
}

const place = document.getElementById('view');
if (place) start(place);
