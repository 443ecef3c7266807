import { recipeTextOf, rowFacts, settingsOf } from '../compare/differences.ts';
import { plural } from '../format.ts';
import { taskId, type TaskGroup } from '../groups.ts';
import type { Report } from '../report.ts';
import { oneLine } from '../text.ts';
import { equalTasks, shortKeys, type TaskFacts, variantDifferences } from '../variant-differences.ts';
import { data, markup, type Markup } from './markup.ts';

/** Settings with a column of their own; more are named below. */
const MAX_COLUMNS = 12;
const MAX_TASKS = 300;
/** Environments beside each other. */
const MAX_ENVIRONMENTS = 6;
const MAX_FACTS = 40;

/** What tasks were told differently, by their resolved recipes, and what they ran on that was not the same. Null: there is one task, or nothing differs. */
export function differencesSection(report: Report, groups: readonly TaskGroup[]): Markup | null {
  if (groups.length < 2) return null;
  const parts = [settingsTable(report, groups), environmentTable(report, groups)].filter((part) => part !== null);
  if (parts.length === 0) return null;
  return markup`<section id="differences" aria-labelledby="differences-h"><h2 id="differences-h">What differs</h2>${parts}</section>`;
}

function settingsTable(report: Report, groups: readonly TaskGroup[]): Markup | null {
  const texts = groups.map((group) => ({ group, text: recipeTextOf(report, group.first) }));
  const known = texts.flatMap(({ group, text }) => (text === null ? [] : [{ group, facts: settingsOf(text) }]));
  // Of sources without recipes the settings that make the variant are all that is known.
  const tasks: TaskFacts[] = known.length > 0 ? known : groups.map((group) => ({ group, facts: paramsOf(group) }));
  const { keys, equal } = variantDifferences(tasks);
  if (keys.length === 0) return null;
  const columns = keys.slice(0, MAX_COLUMNS);
  const more = keys.slice(MAX_COLUMNS);
  const short = shortKeys(keys);
  const lines = tasks
    .slice(0, MAX_TASKS)
    .map(
      ({ group, facts }) =>
        markup`<tr data-of="${taskId(group)}"><th class="l stick" scope="row">${data(group.name, 80)}</th>${columns.map((key) => markup`<td class="l">${valueOf(facts.get(key))}</td>`)}</tr>`,
    );
  const left = tasks.length - lines.length;
  const unknown = groups.length - tasks.length;
  return markup`<p>Settings of the resolved recipes that are not equal in all tasks.${equal > 0 ? ` ${plural(equal, 'setting')} ${equal === 1 ? 'is' : 'are'} equal in all and not shown.` : null}${unknown > 0 ? ` Of ${plural(unknown, 'more task')} no recipe is known.` : null}</p>
<div class="scroll facing" role="region" tabindex="0" aria-label="Settings that differ"><table><thead><tr><th class="l stick" scope="col">Task</th>${columns.map((key) => markup`<th class="l" scope="col" title="${oneLine(key, 200)}">${data(short.get(key), 60)}</th>`)}</tr></thead><tbody>${lines}</tbody></table></div>${more.length > 0 ? markup`<p class="note">Differ as well: ${data(more.slice(0, MAX_FACTS).join(', '), 1500)}${more.length > MAX_FACTS ? ` and ${more.length - MAX_FACTS} more` : null}.</p>` : null}${left > 0 ? markup`<p class="note">${plural(left, 'more task')} ${left === 1 ? 'is' : 'are'} left out.</p>` : null}`;
}

const paramsOf = ({ first }: TaskGroup): Map<string, string> =>
  new Map(Object.entries(first.params).map(([key, value]) => [key, String(value)]));

const valueOf = (value: string | undefined): Markup | string => (value === undefined ? '–' : (data(oneLine(value, 60), 60) ?? '“”'));

/** What a task was measured with and by is told elsewhere. */
const ELSEWHERE = new Set(['Load', 'Prompts', 'Model', 'Price', 'Measured by', 'Host']);

const environmentOf = (report: Report, { first }: TaskGroup): Map<string, string> =>
  new Map(rowFacts(report, first).filter(([name]) => !ELSEWHERE.has(name)));

/** Facts that differ, a column for each environment. */
function environmentTable(report: Report, groups: readonly TaskGroup[]): Markup | null {
  const measured = groups.filter((group) => group.measured.length > 0);
  const tasks = measured.map((group): TaskFacts => ({ group, facts: environmentOf(report, group) }));
  const { keys } = variantDifferences(tasks);
  if (keys.length === 0) return null;
  const environments = equalTasks(tasks, keys);
  const shown = environments.slice(0, MAX_ENVIRONMENTS);
  const left = environments.length - shown.length;
  const heads = shown.map((same) => {
    const [only] = same;
    return markup`<th class="l" scope="col">${same.length === 1 ? data(only?.group.name, 60) : plural(same.length, 'task')}</th>`;
  });
  const lines = keys
    .slice(0, MAX_FACTS)
    .map(
      (key) =>
        markup`<tr><th class="l stick" scope="row">${data(key, 60)}</th>${shown.map(([task]) => markup`<td class="l wide">${data(task?.facts.get(key), 120) ?? '–'}</td>`)}</tr>`,
    );
  const names = shown.map((same, i) => {
    const [some, more] = [same.slice(0, 8), same.length - 8];
    return same.length === 1
      ? null
      : markup`<li><strong>${data(`Column ${i + 1}:`)}</strong> ${some.map(({ group }, j) => markup`${j > 0 ? ', ' : null}${data(group.name, 60)}`)}${more > 0 ? ` and ${more} more` : null}</li>`;
  });
  return markup`<h3 class="gap">Not the same environment</h3><p>Tasks did not all run on the same. What differs may be what a difference of figures is from.</p>
<div class="scroll facing" role="region" tabindex="0" aria-label="Environments that differ"><table class="unsorted"><thead><tr><th class="l stick" scope="col">Of</th>${heads}</tr></thead><tbody>${lines}</tbody></table></div>${names.some(Boolean) ? markup`<ul class="plainlist names">${names}</ul>` : null}${left > 0 ? markup`<p class="note">${plural(left, 'more environment')} ${left === 1 ? 'is' : 'are'} left out.</p>` : null}`;
}
