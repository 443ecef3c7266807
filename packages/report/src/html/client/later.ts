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
      const select = el('select', {}, el('option', { value: '' }, 'choose a task'));
      for (const { dataset } of waiting)
        select.append(el('option', { value: dataset['of'] ?? '' }, data.tasks[Number(dataset['of'])] ?? ''));
      select.addEventListener('change', () => {
        if (select.value !== '') ask(select.value);
        select.value = '';
      });
      section.querySelector('h2')?.after(el('p', { class: 'more' }, el('label', {}, 'Charts of another task ', select)));
      return { section, waiting: new Map(waiting.map((template) => [template.dataset['of'] ?? '', template])) };
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
          const template = waiting.get(task);
          if (!template) continue;
          waiting.delete(task);
          const charts = [...template.content.children];
          for (const child of charts) {
            template.before(child);
            made(child);
          }
          template.remove();
        }
      }
    },
  };
}
