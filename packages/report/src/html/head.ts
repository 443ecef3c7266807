import type { RunView } from '@bench/results';
import { formatStamp, listWords, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { engineLabel } from '../labels.ts';
import type { Report } from '../report.ts';
import { data, markup, type Markup } from './markup.ts';

/** Tags and remarks above the fold; all are in the environment. */
const MAX_TAGS = 8;
const MAX_REMARKS = 3;

const STATUS_WORDS: Record<RunView['status'], string> = {
  running: 'still running',
  done: 'finished',
  failed: 'finished with failures',
  interrupted: 'stopped before its end',
};

/** What was measured, in a line. */
export function pageTitle(groups: readonly TaskGroup[]): string {
  const models = [...new Set(groups.flatMap((group) => (group.first.model ? [group.first.model] : [])))];
  const engines = [...new Set(groups.flatMap((group) => (group.first.engine ? [group.first.engine.name] : [])))];
  const recipes = [...new Set(groups.map((group) => group.first.recipe).filter(Boolean))];
  const what = models.length === 0 ? recipes : models;
  const subject =
    what.length === 0
      ? 'Nothing was planned'
      : what.length <= 2
        ? listWords(what)
        : `${what.length} ${models.length > 0 ? 'models' : 'recipes'}`;
  return engines.length > 0 && engines.length <= 3 ? `${subject} on ${listWords(engines)}` : subject;
}

/** Which run, when, and how it ended. */
export function eyebrow(runs: readonly RunView[]): Markup {
  const [first, ...more] = runs;
  if (!first) return markup`<p class="eyebrow">Benchmark report</p>`;
  if (more.length === 0)
    return markup`<p class="eyebrow"><span>Benchmark report</span><span>run ${data(first.run.id, 40)}</span><span>${formatStamp(first.run.createdAt)}</span>${status(first.status, 1, 1)}</p>`;
  const counts = new Map<RunView['status'], number>();
  for (const run of runs) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
  const times = runs.map(({ run }) => run.createdAt).sort();
  const from = formatStamp(times[0] ?? '').slice(0, 10);
  const to = formatStamp(times.at(-1) ?? '').slice(0, 10);
  return markup`<p class="eyebrow"><span>Benchmark report</span><span>${runs.length} runs</span><span>${from === to ? from : `${from} to ${to}`}</span>${[...counts].map(([of, count]) => status(of, count, runs.length))}</p>`;
}

const status = (of: RunView['status'], count: number, all: number): Markup =>
  markup`<span class="status${of === 'done' ? null : ' bad'}">${count === all ? (all > 1 ? 'all ' : null) : `${count} `}${STATUS_WORDS[of]}</span>`;

/** Engines, machines, load and how much was measured: two lines. */
export function lede({ runs, foreign, rows }: Report, groups: readonly TaskGroup[]): Markup {
  const measured = rows.filter((row) => row.counts !== null);
  const distinct = (values: (string | null | undefined)[]) => [...new Set(values.flatMap((value) => (value ? [value] : [])))];
  const machines = distinct(groups.map((group) => group.first.machine));
  const engines = distinct(groups.map((group) => (group.first.engine ? engineLabel(group.first.engine) : null)));
  const loads = distinct(measured.map((row) => row.dataText));
  const sites = distinct(runs.map((run) => run.run.asked.site));
  const requests = measured.reduce((sum, row) => sum + (row.counts?.sent ?? 0), 0);
  const some = (list: string[], what: string) => (list.length <= 3 ? listWords(list) : `${list.length} ${what}`);
  const parts = [
    engines.length > 0 ? markup`<strong>${data(some(engines, 'engines'), 200)}</strong>` : null,
    machines.length > 0 ? markup` on <strong>${data(some(machines, 'machines'), 200)}</strong>` : null,
    sites.length > 0 ? markup` (${data(sites.length > 3 ? `${sites.length} sites` : sites.join(', '), 80)})` : null,
  ];
  const load = loads.length === 1 ? markup`: ${data(loads[0], 200)}` : null;
  const tasks = groups.length > 1 ? `${plural(groups.length, 'task')}, ` : '';
  const others = distinct(foreign.map(({ source }) => source.kind));
  const read =
    others.length > 0
      ? ` ${plural(foreign.length, 'measurement')} ${foreign.length === 1 ? 'is' : 'are'} from files of ${listWords(others)}.`
      : null;
  return markup`<p class="lede">${parts}${parts.some(Boolean) ? '. ' : null}${tasks}${plural(measured.length, 'point')} measured${requests > 0 ? ` with ${plural(requests, 'request')}` : null}${load}.${read}</p>`;
}

/** What people wrote to the runs. */
export function notesOf(runs: readonly RunView[]): Markup | null {
  const tags = [...new Set(runs.flatMap(({ notes }) => notes.tags))];
  const remarks = runs.flatMap(({ run, notes }) => notes.remarks.map((remark) => ({ ...remark, run: run.id })));
  if (tags.length + remarks.length === 0) return null;
  const moreTags = tags.length - MAX_TAGS;
  const moreRemarks = remarks.length - MAX_REMARKS;
  return markup`<div class="noted">${tags.length > 0 ? markup`<ul class="tags" aria-label="Tags">${tags.slice(0, MAX_TAGS).map((tag) => markup`<li>${data(tag, 40)}</li>`)}${moreTags > 0 ? markup`<li>${moreTags} more</li>` : null}</ul>` : null}${remarks
    .slice(-MAX_REMARKS)
    .map(
      ({ at, text, run }) =>
        markup`<p><span>${formatStamp(at)}${runs.length > 1 ? markup`, ${data(run, 40)}` : null}</span> ${data(text, 300)}</p>`,
    )}${moreRemarks > 0 ? markup`<p><a href="#environment">${plural(moreRemarks, 'earlier remark')}</a></p>` : null}</div>`;
}
