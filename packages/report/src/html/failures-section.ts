import type { RunView } from '@bench/results';
import { plural } from '../format.ts';
import type { FailureLog } from '../logs/failure-logs.ts';
import { data, markup, type Markup } from './markup.ts';

const MAX_FAILURES = 20;
const MAX_NAMES = 12;
const MAX_LOGS = 4;
const MAX_ISSUES = 6;
/** Characters of a message. */
const MAX_MESSAGE = 1500;

/** One thing that went wrong, and all that it made fail. */
interface Failure {
  code: string | null;
  message: string;
  hint: string | null;
  runId: string;
  /** Tasks that it failed. */
  tasks: Map<string, { name: string; points: string[] }>;
}

/** What failed, with the reason, what to do, and what the logs say. Null: nothing failed. */
export function failuresSection(runs: readonly RunView[], logs: readonly FailureLog[]): Markup | null {
  const failures = runs.flatMap((run) => failuresOf(run));
  if (failures.length === 0) return null;
  const shown = failures.slice(0, MAX_FAILURES);
  const more = failures.length - shown.length;
  return markup`<section id="failures" aria-labelledby="failures-h"><h2 id="failures-h">Failures</h2>
<p>What failed, why, and what the logs of it say. Tasks that failed of the same stand together.</p>
<div class="stack">${shown.map((failure) => panel(failure, logs, runs.length > 1))}</div>${more > 0 ? markup`<p class="note">${plural(more, 'more failure')} ${more === 1 ? 'is' : 'are'} in the summary.</p>` : null}</section>`;
}

/** Failures of a run: of tasks by their message, and of points that failed in tasks that went on. */
function failuresOf({ run, tasks }: RunView): Failure[] {
  const found = new Map<string, Failure>();
  const note = (error: { code: string | null; message: string; hint: string | null }, task: string, point?: string): void => {
    const key = `${error.code}\n${error.message}`;
    const failure = found.get(key) ?? { ...error, runId: run.id, tasks: new Map<string, { name: string; points: string[] }>() };
    const own = failure.tasks.get(task) ?? { name: task, points: [] };
    if (point !== undefined) own.points.push(point);
    failure.tasks.set(task, own);
    found.set(key, failure);
  };
  for (const { file, deployment, points } of tasks) {
    const name = `${file.recipe} / ${file.variant}`;
    const error = file.error ?? (file.status === 'failed' ? deployment?.error : null);
    if (error) note({ code: error.code, message: error.message, hint: error.hint ?? deployment?.error?.hint ?? null }, name);
    for (const { entry, result } of points) {
      if (entry.status !== 'failed' || entry.error === error?.message) continue;
      const load = result?.load?.maxConcurrency;
      const where = `point ${entry.point + 1}${load ? `, ${load} concurrent` : ''}${entry.repeat > 0 ? `, repeat ${entry.repeat + 1}` : ''}`;
      note({ code: null, message: entry.error ?? 'no reason was recorded', hint: null }, name, where);
    }
  }
  return [...found.values()].sort((a, b) => b.tasks.size - a.tasks.size);
}

function panel(failure: Failure, logs: readonly FailureLog[], named: boolean): Markup {
  const { code, message, hint, runId, tasks } = failure;
  const names = [...tasks.values()];
  const own = logs.filter((log) => log.runId === runId && log.tasks.some(({ recipe, variant }) => tasks.has(`${recipe} / ${variant}`)));
  const more = names.length - MAX_NAMES;
  const title = names.length === 1 ? data(names[0]?.name, 120) : markup`${plural(names.length, 'task')}`;
  return markup`<div class="panel failure"><h3>${title}${named ? markup` <span>of ${data(runId, 40)}</span>` : null}</h3>
<p class="message"><span class="fail">${data(message, MAX_MESSAGE)}</span>${code ? markup` <code>${data(code, 60)}</code>` : null}</p>${hint ? markup`<p>What to do: ${data(hint, MAX_MESSAGE)}</p>` : null}${
    names.length > 1 || names.some(({ points }) => points.length > 0)
      ? markup`<p class="note">${names.slice(0, MAX_NAMES).map(({ name, points }, i) => markup`${i > 0 ? ', ' : null}${data(name, 80)}${points.length > 0 ? ` (${points.slice(0, 4).join('; ')}${points.length > 4 ? ` and ${points.length - 4} more` : ''})` : null}`)}${more > 0 ? ` and ${more} more` : null}</p>`
      : null
  }${own.slice(0, MAX_LOGS).map(logBlock)}${own.length > MAX_LOGS ? markup`<p class="note">${plural(own.length - MAX_LOGS, 'more log')} of it ${own.length - MAX_LOGS === 1 ? 'is' : 'are'} in the run directory.</p>` : null}</div>`;
}

function logBlock({ path, issues, lastLines, skippedBytes }: FailureLog): Markup {
  const shown = issues.slice(0, MAX_ISSUES);
  const list = shown.map(
    ({ title, hint, count, examples }) =>
      markup`<li><b>${data(title, 120)}</b>${count > 1 ? ` (${plural(count, 'line')})` : null}${hint ? markup`: ${data(hint, 400)}` : null}<pre tabindex="0">${examples.map(({ line, text }) => `${line}: ${text}`).join('\n')}</pre></li>`,
  );
  return markup`<div class="log"><p class="note"><code>${data(path, 200)}</code>${skippedBytes > 0 ? `, its last part: ${plural(skippedBytes, 'byte')} before it were not read` : null}</p>${list.length > 0 ? markup`<ul class="plainlist">${list}</ul>` : null}<details><summary>Its last ${plural(lastLines.length, 'line')}</summary><pre tabindex="0">${lastLines.join('\n')}</pre></details></div>`;
}
