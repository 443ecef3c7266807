import { all, button, el } from './dom.ts';
import { type applyFilter, filterWords, isFiltered, NO_FILTER, toggled } from './filter.ts';
import type { ViewData } from '../view-data.ts';
import type { ViewState } from './view-state.ts';

/** What the bar asks for. */
export interface BarEvents {
  change(part: Partial<ViewState>): void;
  link(): string;
}

/** The bar over the results: what is shown, and how it is grouped. */
export interface FilterBar {
  show(view: ViewState, left: ReturnType<typeof applyFilter>): void;
}

/** Past so many values a list has a field to find some in. */
const LONG = 12;

/** Builds the bar in its place. */
export function filterBar(place: HTMLElement, data: ViewData, events: BarEvents): FilterBar {
  let now: ViewState;
  const text = el('input', { type: 'search', id: 'filter-text', placeholder: 'Any word', autocomplete: 'off', spellcheck: 'false' });
  text.addEventListener('input', () => events.change({ filter: { ...now.filter, text: text.value } }));
  const group = el('select', { id: 'filter-group' });
  for (const [id, label] of [['task', 'task'], ['none', 'nothing'], ...data.facets.map((facet) => [facet.id, facet.label])])
    group.append(el('option', { value: id ?? '' }, label ?? ''));
  group.addEventListener('change', () => events.change({ group: group.value }));
  const clear = button('Clear', { class: 'plain' }, () => {
    events.change({ filter: NO_FILTER });
    text.focus();
  });
  const said = el('p', { role: 'status', class: 'said' });
  const copied = el('span', { role: 'status', class: 'copied' });
  const copy = button('Copy link to this view', { class: 'plain' }, () => {
    const link = events.link();
    // Where pages of files may not write there, the address bar has it.
    const done = navigator.clipboard?.writeText(link) ?? Promise.reject(new Error('no clipboard'));
    done.then(
      () => (copied.textContent = 'Copied'),
      () => (copied.textContent = 'The address bar has the link'),
    );
  });
  const facets = data.facets.map((facet, f) => {
    const boxes = facet.values.map((value) => {
      const box = el('input', { type: 'checkbox' });
      const count = el('span', { class: 'count' });
      box.addEventListener('change', () => events.change({ filter: toggled(now.filter, facet.id, value) }));
      return { value, box, count, label: el('label', {}, box, el('bdi', {}, value), count) };
    });
    const list = el('fieldset', {}, el('legend', { class: 'unseen' }, facet.label), ...boxes.map(({ label }) => label));
    const head = el('summary', {});
    const find = el('input', { type: 'search', placeholder: 'Find a value', 'aria-label': `Find a value of ${facet.label}` });
    find.addEventListener('input', () => {
      const word = find.value.trim().toLowerCase();
      for (const { value, label } of boxes) label.hidden = !value.toLowerCase().includes(word);
    });
    const panel = el('div', { class: 'values' }, facet.values.length > LONG ? find : null, list);
    const details = el('details', { class: 'facet' }, head, panel);
    return {
      details,
      show(view: ViewState, counts: readonly number[]) {
        const chosen = view.filter.values.get(facet.id) ?? [];
        head.replaceChildren(facet.label, ...(chosen.length > 0 ? [el('b', {}, String(chosen.length))] : []));
        details.classList.toggle('on', chosen.length > 0);
        for (const [v, { value, box, count, label }] of boxes.entries()) {
          box.checked = chosen.includes(value);
          count.textContent = String(counts[v] ?? 0);
          label.classList.toggle('none', (counts[v] ?? 0) === 0);
        }
      },
      f,
    };
  });
  place.append(
    el(
      'div',
      { class: 'controls' },
      el('label', { class: 'field' }, 'Filter', text),
      ...facets.map(({ details }) => details),
      el('label', { class: 'field' }, 'Group by', group),
      clear,
      copy,
      copied,
    ),
    said,
  );
  closeOutside(place);
  place.hidden = false;
  const tasks = (ids: Iterable<string>) => new Set([...ids].map((id) => id.split('.', 1)[0])).size;
  return {
    show(view, { shown, counts }) {
      now = view;
      if (document.activeElement !== text) text.value = view.filter.text;
      group.value = view.group;
      for (const facet of facets) facet.show(view, counts[facet.f] ?? []);
      const filtered = isFiltered(view.filter);
      clear.hidden = !filtered;
      copied.textContent = '';
      place.classList.toggle('filtered', filtered);
      const of = data.tasks.length > 1 ? ` of ${tasks(shown)} ${tasks(shown) === 1 ? 'task' : 'tasks'}` : '';
      const next = filtered
        ? `${shown.size} of ${data.rows.length} points shown${of}: ${filterWords(data, view.filter)}.`
        : `All ${data.rows.length} points are shown.`;
      if (said.textContent !== next) said.textContent = next;
    },
  };
}

/** One list open at a time; Escape closes it, and so does a click elsewhere. */
function closeOutside(place: HTMLElement): void {
  const open = () => all<HTMLDetailsElement>('details.facet[open]', place);
  document.addEventListener('click', (event) => {
    for (const details of open()) if (!details.contains(event.target as Node)) details.open = false;
  });
  place.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const details of open()) {
      details.open = false;
      details.querySelector('summary')?.focus();
    }
  });
  place.addEventListener('focusin', (event) => {
    for (const details of open()) if (!details.contains(event.target as Node)) details.open = false;
  });
}
