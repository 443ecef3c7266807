import { headColumns, type HeadColumn } from './columns.ts';
import { all, button } from './dom.ts';
import { type SortKey, sortedBy, sortKey } from './sorting.ts';
import type { Sort } from './view-state.ts';

/** A table whose heads are buttons. */
export interface SortableTable {
  table: HTMLTableElement;
  columns: readonly HeadColumn[];
  sort: Sort | null;
  /** What a row is sorted by. */
  keyOf(row: HTMLTableRowElement, column: string): SortKey;
  /** Says at the heads what it is sorted by; its rows are put in order by who called. */
  mark(sort: Sort | null): void;
}

/** Makes the heads of a table buttons: down, up, and as it was written. Null: it has nothing to sort. */
export function sortable(table: HTMLTableElement, onSort: (table: SortableTable, sort: Sort | null) => void): SortableTable | null {
  const rows = all<HTMLTableRowElement>('tbody > tr', table);
  if (!table.tHead || rows.length < 3 || table.classList.contains('unsorted')) return null;
  const columns = headColumns(table.tHead);
  const keys = new WeakMap<HTMLTableRowElement, SortKey[]>();
  const made: SortableTable = {
    table,
    columns,
    sort: null,
    keyOf(row, column) {
      const index = columns.find(({ name }) => name === column)?.index ?? -1;
      let known = keys.get(row);
      if (!known) {
        // A cell over several columns says why the row has no figures.
        known = [...row.cells].some((cell) => cell.colSpan > 1) ? [] : [...row.cells].map(cellKey);
        keys.set(row, known);
      }
      return known[index] ?? null;
    },
    mark(sort) {
      made.sort = sort;
      for (const { th, name } of columns) {
        if (name === sort?.column) th.setAttribute('aria-sort', sort.descending ? 'descending' : 'ascending');
        else th.removeAttribute('aria-sort');
      }
    },
  };
  for (const { th, name } of columns) {
    const text = th.textContent ?? '';
    if (text.trim() === '') continue;
    th.replaceChildren(
      button(text, { class: 'sort', title: `Sort by ${name}` }, () => {
        const now = made.sort?.column === name ? made.sort : null;
        // Latencies and prices are looked at from below, the rest from above.
        const first = th.dataset['better'] !== 'lower' && typeof firstKey(made, rows, name) === 'number';
        onSort(made, !now ? { column: name, descending: first } : now.descending === first ? { ...now, descending: !first } : null);
      }),
    );
  }
  return made;
}

function firstKey(made: SortableTable, rows: readonly HTMLTableRowElement[], column: string): SortKey {
  for (const row of rows) {
    const key = made.keyOf(row, column);
    if (key !== null) return key;
  }
  return null;
}

function cellKey(cell: HTMLTableCellElement): SortKey {
  const given = cell.dataset['v'];
  if (given !== undefined) return sortKey(given);
  // What stands below a figure is not the figure.
  const said = [...cell.childNodes].filter((node) => !(node instanceof HTMLElement && node.matches('.within,.whose')));
  return sortKey(said.map((node) => node.textContent ?? '').join(''));
}

/** Sorting of a table that stands for itself: within its bodies. */
export function sortAlone(table: HTMLTableElement): void {
  const written = new Map([...table.tBodies].map((body) => [body, [...body.rows]]));
  sortable(table, (made, sort) => {
    made.mark(sort);
    for (const [body, rows] of written) {
      const next = sort ? sortedBy(rows, (row) => made.keyOf(row, sort.column), sort.descending) : rows;
      body.append(...next);
    }
  });
}
