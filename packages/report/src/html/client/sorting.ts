import { groupBy } from '@bench/core';
/** What a cell is sorted by: its number where its text begins with one, else its text; null: it says nothing, and comes last. */
export type SortKey = number | string | null;

/** Commas group digits; `–` and `-` alone say that there is none. */
export function sortKey(text: string): SortKey {
  const said = text.trim();
  if (said === '' || /^[–—-]$/.test(said)) return null;
  const number = /^[<>≤≥~$€£]?\s*([-+−]?\d[\d,]*(?:\.\d+)?)/.exec(said)?.[1];
  return number === undefined ? said.toLowerCase() : Number(number.replace(/,/g, '').replace('−', '-'));
}

/** Numbers before texts, what says nothing last in both directions. */
export function compareKeys(a: SortKey, b: SortKey, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  const order = typeof a === 'number' ? a - (b as number) : a.localeCompare(b as string, 'en');
  return descending ? -order : order;
}

/** In order of their keys; equal ones stay as they were. */
export function sortedBy<T>(items: readonly T[], key: (item: T) => SortKey, descending: boolean): T[] {
  return items
    .map((item, i) => ({ item, i, key: key(item) }))
    .sort((a, b) => compareKeys(a.key, b.key, descending) || a.i - b.i)
    .map(({ item }) => item);
}

export interface Group<T> {
  name: string;
  items: T[];
}

/** Items by name, in order of first appearance; sorted within, and among each other by their first. */
export function grouped<T>(
  items: readonly T[],
  { of, key, descending }: { of(item: T): string; key: ((item: T) => SortKey) | null; descending: boolean },
): Group<T>[] {
  const groups = groupBy(key ? sortedBy(items, key, descending) : items, (item) => of(item));
  return [...groups].map(([name, list]) => ({ name, items: list }));
}
