import { type Filter, NO_FILTER } from './filter.ts';
import type { ViewData } from '../view-data.ts';

/** All that a link to a view says. */
export interface ViewState {
  filter: Filter;
  /** Id of a facet; `task`: as the page was written; `none`: rows stand alone. */
  group: string;
  sort: Sort | null;
  /** What charts show of their axes, by their ids: from and to of x, and of y. */
  zoom: ReadonlyMap<string, readonly number[]>;
  /** Tasks drawn besides the first ones. */
  draw: readonly string[];
  /** Folded parts that are open, by their place in the page; null: as the page was written. */
  open: readonly number[] | null;
}

export interface Sort {
  /** Name of the column. */
  column: string;
  descending: boolean;
}

export const AS_WRITTEN: ViewState = { filter: NO_FILTER, group: 'task', sort: null, zoom: new Map(), draw: [], open: null };

/** No page makes a longer one. */
const MAX_HASH = 20_000;

/**
 * Reads the part of an address after `#`: the id of a section, then the view: `#curve&engine=vllm&sort=-TTFT, ms p99`. What the page
 * does not have is ignored: a link may come from anywhere. `view` is null when it names none.
 */
export function readHash(hash: string, data: ViewData): { section: string; view: ViewState | null } {
  const text = hash.replace(/^#/, '').slice(0, MAX_HASH);
  const [first = '', ...rest] = text.split('&');
  const section = first.includes('=') ? '' : first;
  const params = new URLSearchParams(section === '' ? text : rest.join('&'));
  if ([...params.keys()].every((key) => key === '')) return { section, view: null };
  const values = new Map<string, string[]>();
  for (const { id, values: known } of data.facets) {
    const chosen = [...new Set(params.getAll(id))].filter((value) => known.includes(value));
    if (chosen.length > 0) values.set(id, chosen);
  }
  const group = params.get('group') ?? 'task';
  const sort = params.get('sort') ?? '';
  const zoom = new Map<string, number[]>();
  for (const entry of params.getAll('zoom')) {
    const [id = '', ...range] = entry.split('~');
    const numbers = range.map((part) => (part === '' ? Number.NaN : Number(part)));
    if ((numbers.length === 2 || numbers.length === 4) && numbers.every(Number.isFinite)) zoom.set(id, numbers);
  }
  const open = params.get('open');
  return {
    section,
    view: {
      filter: { text: (params.get('q') ?? '').slice(0, 200), values },
      group: group === 'none' || data.facets.some(({ id }) => id === group) ? group : 'task',
      sort: /^[-+]./.test(sort) ? { column: sort.slice(1), descending: sort.startsWith('-') } : null,
      zoom,
      draw: [...new Set(params.getAll('draw'))].filter((id) => /^\d+$/.test(id) && Number(id) < data.tasks.length),
      open: open === null ? null : open.split('.').flatMap((part) => (/^\d{1,6}$/.test(part) ? [Number(part)] : [])),
    },
  };
}

/** The same the other way: empty for a page as it was written. */
export function writeHash(section: string, { filter, group, sort, zoom, draw, open }: ViewState): string {
  const params = new URLSearchParams();
  if (filter.text.trim() !== '') params.append('q', filter.text.trim());
  for (const [id, values] of filter.values) for (const value of values) params.append(id, value);
  if (group !== 'task') params.append('group', group);
  if (sort) params.append('sort', `${sort.descending ? '-' : '+'}${sort.column}`);
  for (const [id, range] of zoom) params.append('zoom', [id, ...range.map((v) => Number(v.toPrecision(5)))].join('~'));
  for (const id of draw) params.append('draw', id);
  if (open) params.append('open', open.join('.'));
  const text = [section, params.toString()].filter(Boolean).join('&');
  return text === '' ? '' : `#${text}`;
}
