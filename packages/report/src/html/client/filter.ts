import type { Facet, ViewData, ViewRow } from '../view-data.ts';

/** What is asked for: of each facet some values (none: any), and words that all must occur. */
export interface Filter {
  text: string;
  /** Values by the id of their facet. */
  values: ReadonlyMap<string, readonly string[]>;
}

export const NO_FILTER: Filter = { text: '', values: new Map() };

export const isFiltered = ({ text, values }: Filter): boolean => text.trim() !== '' || values.size > 0;

/** Rows that are left, with how many each value of each facet would leave if its own facet were not filtered by. Pure. */
export function applyFilter(data: ViewData, filter: Filter): { shown: Set<string>; counts: number[][] } {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = data.facets.map((facet) => indices(facet, filter));
  const shown = new Set<string>();
  const counts = data.facets.map((facet) => facet.values.map(() => 0));
  for (const row of data.rows) {
    if (words.length > 0 && !hasWords(data, row, words)) continue;
    const missed = wanted.flatMap((some, f) => (some && !(row.values[f] ?? []).some((v) => some.has(v)) ? [f] : []));
    if (missed.length === 0) shown.add(row.id);
    if (missed.length > 1) continue;
    for (const [f, values] of row.values.entries()) {
      if (missed.length === 1 && missed[0] !== f) continue;
      for (const v of values) (counts[f] as number[])[v] = (counts[f]?.[v] ?? 0) + 1;
    }
  }
  return { shown, counts };
}

function indices(facet: Facet, { values }: Filter): Set<number> | null {
  const chosen = values.get(facet.id);
  return chosen && chosen.length > 0 ? new Set(chosen.map((value) => facet.values.indexOf(value))) : null;
}

function hasWords(data: ViewData, row: ViewRow, words: readonly string[]): boolean {
  const texts = row.values.flatMap((values, f) => values.map((v) => data.facets[f]?.values[v] ?? ''));
  const all = [data.tasks[Number.parseInt(row.id, 10)] ?? '', ...texts].join('\n').toLowerCase();
  return words.every((word) => all.includes(word));
}

/** The filter in words: `engine vllm or sglang; "h200"`. */
export function filterWords(data: ViewData, { text, values }: Filter): string {
  const facets = data.facets.flatMap(({ id, label }) => {
    const chosen = values.get(id) ?? [];
    return chosen.length > 0 ? [`${label} ${chosen.join(' or ')}`] : [];
  });
  const quoted = text.trim() === '' ? [] : [`“${text.trim()}”`];
  return [...facets, ...quoted].join('; ');
}

/** With a value of a facet switched on or off. */
export function toggled(filter: Filter, facet: string, value: string): Filter {
  const before = filter.values.get(facet) ?? [];
  const after = before.includes(value) ? before.filter((other) => other !== value) : [...before, value];
  const values = new Map(filter.values);
  if (after.length > 0) values.set(facet, after);
  else values.delete(facet);
  return { ...filter, values };
}
