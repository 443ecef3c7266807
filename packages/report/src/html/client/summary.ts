import { groupBy } from '@bench/core';
import { taskOf } from '../../row-id.ts';
import { all, el } from './dom.ts';
import { grouped, type SortKey } from './sorting.ts';
import { sortable, type SortableTable } from './tables.ts';
import type { ViewData } from '../view-data.ts';
import type { Sort, ViewState } from './view-state.ts';

/** The table of all points: filtered, grouped by any facet, sorted by any column. */
export interface SummaryTable {
  show(view: ViewState, shown: ReadonlySet<string>): void;
}

interface Line {
  tr: HTMLTableRowElement;
  id: string;
}

/** Finds the table; null: the page has none. */
export function summaryTable(data: ViewData, onSort: (sort: Sort | null) => void): SummaryTable | null {
  const table = document.querySelector<HTMLTableElement>('#summary table');
  if (!table) return null;
  const lines = all<HTMLTableRowElement>('tbody > tr[data-row]', table).map((tr): Line => ({ tr, id: tr.dataset['row'] ?? '' }));
  const titles = new Map(all<HTMLTableRowElement>('tr.group', table).map((tr) => [tr.dataset['task'] ?? '', tr]));
  // Tasks of one point each have no title: their names stand in their rows.
  const flat = titles.size === 0;
  const made = sortable(table, (_, sort) => onSort(sort));
  const values = new Map(data.rows.map((row) => [row.id, row.values]));
  const width = Math.max(1, ...lines.map(({ tr }) => [...tr.cells].reduce((sum, cell) => sum + cell.colSpan, 0)));
  const nameOf = (group: string) => {
    const f = data.facets.findIndex(({ id }) => id === group);
    return ({ id }: Line) => (values.get(id)?.[f] ?? []).map((v) => data.facets[f]?.values[v] ?? '').join(', ') || 'not known';
  };

  return {
    show({ group: asked, sort }, shown) {
      const group = flat && asked === 'task' ? 'none' : asked;
      const by = made && sort && made.columns.some(({ name }) => name === sort.column) ? sort : null;
      made?.mark(by);
      const left = lines.filter(({ id }) => shown.has(id));
      const of = group === 'task' ? ({ id }: Line) => taskOf(id) : group === 'none' ? () => '' : nameOf(group);
      const key = by && made ? ({ tr }: Line): SortKey => made.keyOf(tr, by.column) : null;
      const bodies = grouped(left, { of, key, descending: by?.descending ?? false }).map(({ name, items }) => {
        const title = group === 'task' ? (titles.get(name) ?? null) : group === 'none' ? null : titleRow(name, width);
        return el('tbody', {}, title, ...items.map(({ tr }) => tr));
      });
      // A row away from its task says whose it is.
      const apart = group !== 'task' && data.tasks.length > 1;
      for (const { tr, id } of left) nameTask(tr, apart ? (data.tasks[Number(taskOf(id))] ?? '') : null);
      while (table.tBodies[0]) table.tBodies[0].remove();
      table.append(...(bodies.length > 0 ? bodies : [el('tbody', {}, nothing(width))]));
      if (made) markBest(made, left);
    },
  };
}

function titleRow(name: string, width: number): HTMLTableRowElement {
  return el('tr', { class: 'group' }, el('th', { scope: 'rowgroup', colspan: String(width) }, el('bdi', {}, name)));
}

function nothing(width: number): HTMLTableRowElement {
  return el('tr', {}, el('td', { class: 'wide', colspan: String(width) }, 'No point is left. Take a filter away to see more.'));
}

function nameTask(tr: HTMLTableRowElement, name: string | null): void {
  const cell = tr.cells[0];
  const before = cell?.querySelector('.whose');
  if (name === null) return before?.remove();
  if (!before) cell?.append(el('span', { class: 'whose' }, el('bdi', {}, name)));
}

/** The best figure of each column is that of what is shown, of each kind of work. */
function markBest(made: SortableTable, left: readonly Line[]): void {
  for (const same of groupBy(left, ({ tr }) => tr.dataset['work'] ?? '').values())
    for (const { th, index, name } of made.columns) {
      const { better } = th.dataset;
      if (!better) continue;
      const keys = same.map(({ tr }) => made.keyOf(tr, name));
      const figures = keys.filter((key) => typeof key === 'number');
      const best = figures.length < 2 ? null : better === 'higher' ? Math.max(...figures) : Math.min(...figures);
      for (const [i, { tr }] of same.entries()) {
        const cell = tr.cells[index];
        if (cell && cell.colSpan === 1) cell.classList.toggle('best', best !== null && keys[i] === best);
      }
    }
}
