import { groupBy } from '@bench/core';
import { all, el } from './dom.ts';
import type { ViewData } from '../view-data.ts';

/** Tasks whose charts stand in a section at once, unless the reader asks for more. */
const MOST = 8;

/** Sections with charts of single tasks, of which the first are drawn and the rest lie ready. */
export interface LaterCharts {
  /** Puts those of the first tasks shown into the page, and of those asked for. */
  show(shownTasks: ReadonlySet<string>, asked: readonly string[]): void;
}

/** `made`: called with what was put into the page. */
export function laterCharts(data: ViewData, { made, ask }: { made(element: Element): void; ask(task: string): void }): LaterCharts {
  const sections = all('main > section')
    .map((section) => ({ section, waiting: all<HTMLTemplateElement>('template[data-of]', section) }))
    .filter(({ waiting }) => waiting.length > 0)
    .map(({ section, waiting }) => {
      const byTask = groupBy(waiting, ({ dataset }) => dataset['of'] ?? '');
      const select = el('select', {}, el('option', { value: '' }, 'choose a task'));
      for (const task of byTask.keys()) select.append(el('option', { value: task }, data.tasks[Number(task)] ?? ''));
      select.addEventListener('change', () => {
        if (select.value !== '') ask(select.value);
        select.value = '';
      });
      section.querySelector('h2')?.after(el('p', { class: 'more' }, el('label', {}, 'Charts of another task ', select)));
      return { section, waiting: byTask };
    });
  return {
    show(shownTasks, asked) {
      for (const { section, waiting } of sections) {
        const drawn = new Set(
          all<HTMLElement>('[data-of]:not(template)', section).flatMap(({ dataset }) => dataset['of']?.split('.', 1)[0] ?? []),
        );
        const free = MOST - [...drawn].filter((task) => shownTasks.has(task)).length;
        const next = [...waiting.keys()].filter((task) => shownTasks.has(task)).slice(0, Math.max(0, free));
        for (const task of new Set([...next, ...asked])) {
          for (const template of waiting.get(task) ?? []) {
            const charts = [...template.content.children];
            template.replaceWith(...charts);
            charts.forEach(made);
          }
          waiting.delete(task);
        }
      }
    },
  };
}
