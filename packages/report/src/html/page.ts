import { limitsText, type RunView, searchText } from '@bench/results';
import { readDetails, spread, type PointDetail } from '../detail.ts';
import { FLAG_WORDS } from '../flags.ts';
import { formatShort, formatStamp, listWords, plural } from '../format.ts';
import { taskGroups, type TaskGroup } from '../groups.ts';
import { findings, saturation } from '../headline.ts';
import { engineLabel } from '../labels.ts';
import type { Report } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import { classesSection } from './classes-section.ts';
import { conversationsSection } from './conversations-section.ts';
import { curveSection } from './curve-section.ts';
import { definitionsSection } from './definitions-section.ts';
import { distributionSection } from './distribution-section.ts';
import { environmentSection, phasesSection } from './environment-section.ts';
import { data, markup, raw, type Markup } from './markup.ts';
import { SCRIPT, SCRIPT_HASH } from './script.ts';
import { seriesSection } from './series-section.ts';
import { STYLE } from './style.ts';
import { steadySection } from './steady-section.ts';
import { summaryTable } from './summary-table.ts';
import type { WriteOptions } from './write-html.ts';

/** Tasks and points that get distribution and time charts; all are in the table. */
const MAX_GROUPS = 8;
const MAX_POINTS = 8;
const MAX_PROBLEMS = 50;

/** Nothing but what is in the file may load or run. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src '${SCRIPT_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`;

const STATUS_WORDS: Record<RunView['status'], string> = {
  running: 'still running',
  done: 'finished',
  failed: 'finished with failures',
  interrupted: 'stopped before its end',
};

/** The whole page as text. */
export async function renderPage(report: Report, options: WriteOptions): Promise<string> {
  const { runs, rows } = report;
  const groups = taskGroups(rows);
  const charted = spread(
    groups.filter((group) => group.measured.length > 0),
    MAX_GROUPS,
  );
  const details: { group: TaskGroup; points: PointDetail[] }[] = [];
  for (const group of charted) {
    details.push({ group, points: await readDetails(runs, group, spread(group.measured, MAX_POINTS), options.signal) });
  }
  const drawn = details.reduce((sum, { points }) => sum + points.length, 0);
  const left = groups.reduce((sum, group) => sum + group.measured.length, 0) - drawn;
  const problems = [...report.problems, ...details.flatMap(({ points }) => points.flatMap((point) => point.problems))];

  const sections: [string, string, Markup | null][] = [
    ['summary', 'Summary', summarySection(groups)],
    ['curve', 'Latency and throughput', curveSection(groups)],
    ['steady', 'Steady state', steadySection(groups)],
    ['classes', 'Classes of requests', classesSection(groups)],
    ['conversations', 'Turns of conversations', conversationsSection(groups)],
    ['distributions', 'Distributions', distributionSection(details, left)],
    ['series', 'Second by second', seriesSection(details, left)],
    ['phases', 'Bringing it up', phasesSection(runs)],
    ['environment', 'Environment', environmentSection(runs, groups)],
    ['problems', 'Left out', problemsSection(problems)],
    ['definitions', 'Definitions', definitionsSection(rows)],
  ];
  const present = sections.filter((section): section is [string, string, Markup] => section[2] !== null);
  const title = pageTitle(groups);
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="generator" content="bench"><meta name="color-scheme" content="light dark">
<title>${oneLine(title, 160)} – benchmark report</title><style>${raw(STYLE)}</style></head>
<body><a class="skip" href="#main">Skip to the results</a>
<div class="wrap"><header>${eyebrow(runs)}<h1>${data(title, 200)}</h1>${lede(runs, groups, rows)}${cards(groups)}${callouts(groups, rows, problems.length)}
<nav aria-label="Sections"><ul>${present.map(([id, name]) => markup`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main id="main">${present.map(([, , section]) => section)}</main>
<footer>Written by bench on ${formatStamp(options.now)}. This file is complete in itself: it loads nothing from a network. Every request is in the run ${runs.length === 1 ? 'directory' : 'directories'}: ${data(runs.map((run) => run.run.id).join(', '), 400)}.</footer></div><script>${raw(SCRIPT)}</script></body></html>
`;
  return page.text;
}

function pageTitle(groups: readonly TaskGroup[]): string {
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

function eyebrow(runs: readonly RunView[]): Markup {
  const first = runs[0];
  if (!first) return markup`<p class="eyebrow">Benchmark report</p>`;
  if (runs.length > 1) return markup`<p class="eyebrow"><span>Benchmark report</span><span>${runs.length} runs</span></p>`;
  const bad = first.status !== 'done';
  return markup`<p class="eyebrow"><span>Benchmark report</span><span>run ${data(first.run.id, 40)}</span><span>${formatStamp(first.run.createdAt)}</span><span class="status${bad ? ' bad' : null}">${STATUS_WORDS[first.status]}</span></p>`;
}

function lede(runs: readonly RunView[], groups: readonly TaskGroup[], rows: readonly ReportRow[]): Markup {
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
    sites.length > 0 ? markup` (${data(sites.join(', '), 80)})` : null,
  ];
  const load = loads.length === 1 ? markup`: ${data(loads[0], 200)}` : null;
  const tasks = groups.length > 1 ? `${plural(groups.length, 'task')}, ` : '';
  return markup`<p class="lede">${parts}${parts.some(Boolean) ? '. ' : null}${tasks}${plural(measured.length, 'point')} measured${requests > 0 ? ` with ${plural(requests, 'request')}` : null}${load}.</p>`;
}

function cards(groups: readonly TaskGroup[]): Markup | null {
  const list = findings(groups).map(
    (finding) =>
      markup`<div class="card"><h2>${data(finding.question, 80)}</h2><p class="big">${finding.value}<small>${data(finding.unit, 40)}</small></p><p>${data(finding.words, 500)}</p></div>`,
  );
  const knees = groups.flatMap((group) => {
    const found = saturation(group);
    return found ? [{ group, found }] : [];
  });
  const [only] = knees;
  if (only && knees.length === 1) {
    const axis = only.found.row.axis;
    const value =
      only.found.kind === 'rising'
        ? `> ${formatShort(axis?.value)}`
        : only.found.kind === 'from-start' && axis?.kind === 'rate'
          ? `< ${formatShort(axis.value)}`
          : formatShort(axis?.value);
    list.push(
      markup`<div class="card"><h2>Saturation</h2><p class="big">${value}<small>${axis?.kind === 'rate' ? 'req/s' : 'concurrent'}</small></p><p>${data(only.found.words, 500)}</p></div>`,
    );
  } else if (knees.length > 1) {
    list.push(
      markup`<div class="card"><h2>Saturation</h2><ul class="plainlist">${knees.slice(0, 6).map(({ group, found }) => {
        const axis = found.row.axis;
        const at = `${formatShort(axis?.value)} ${axis?.kind === 'rate' ? 'req/s' : 'concurrent'}`;
        return markup`<li><strong>${data(group.name, 60)}</strong> ${found.kind === 'rising' ? `not reached at ${at}` : `at ${at}`}</li>`;
      })}</ul></div>`,
    );
  }
  return list.length > 0 ? markup`<div class="cards">${list}</div>` : null;
}

function callouts(groups: readonly TaskGroup[], rows: readonly ReportRow[], problems: number): Markup | null {
  const items: Markup[] = [];
  const measured = rows.filter((row) => row.counts !== null);
  const failed = groups.filter((group) => group.rows.every((row) => row.status === 'failed'));
  const notRun = groups.filter((group) => group.rows.every((row) => row.status === 'not_run'));
  const broken = rows.filter((row) => row.status === 'failed' && !failed.some((group) => group.rows.includes(row)));
  const names = (list: readonly TaskGroup[]) =>
    data(
      list.length > 6
        ? `${listWords(list.slice(0, 5).map((g) => g.name))} and ${list.length - 5} more`
        : listWords(list.map((g) => g.name)),
      400,
    );
  if (measured.length === 0)
    items.push(markup`<li class="bad"><strong>Nothing was measured.</strong> The reasons are in the table below.</li>`);
  if (failed.length > 0)
    items.push(
      markup`<li class="bad"><strong>${plural(failed.length, 'task')} of ${groups.length} failed:</strong> ${names(failed)}.</li>`,
    );
  if (broken.length > 0)
    items.push(
      markup`<li class="bad"><strong>${plural(broken.length, 'point')} failed</strong> and ${broken.length === 1 ? 'has' : 'have'} no figures; see the table.</li>`,
    );
  if (notRun.length > 0) items.push(markup`<li><strong>${plural(notRun.length, 'task')} did not run:</strong> ${names(notRun)}.</li>`);
  const flags = new Map<ReportRow['flags'][number]['code'], ReportRow[]>();
  for (const row of measured) for (const flag of row.flags) flags.set(flag.code, [...(flags.get(flag.code) ?? []), row]);
  for (const [code, affected] of flags) {
    const words = FLAG_WORDS[code];
    const where =
      affected.length === measured.length
        ? measured.length === 1
          ? ''
          : ' (all points)'
        : ` (${plural(affected.length, 'point')} of ${measured.length})`;
    items.push(markup`<li><strong>${words.title}</strong>${where}. ${words.meaning}</li>`);
  }
  if (problems > 0)
    items.push(
      markup`<li><strong>${plural(problems, 'file')} could not be read whole;</strong> <a href="#problems">what is missing</a>.</li>`,
    );
  return items.length > 0 ? markup`<ul class="callouts" aria-label="What to know before believing the figures">${items}</ul>` : null;
}

function summarySection(groups: readonly TaskGroup[]): Markup {
  if (groups.length === 0)
    return markup`<section id="summary" aria-labelledby="summary-h"><h2 id="summary-h">Summary</h2><p>The run has no tasks.</p></section>`;
  const bars = groups.some((group) => group.measured.some((row) => row.scalars.output_throughput !== undefined));
  return markup`<section id="summary" aria-labelledby="summary-h"><h2 id="summary-h">Summary</h2>
<p>One line a point. The best figure of each column is set in colour${bars ? '; the bar behind output throughput is its share of the best' : null}.</p>${summaryTable(groups)}${searches(groups)}</section>`;
}

/** What searches found, one a task. */
function searches(groups: readonly TaskGroup[]): (Markup | null)[] {
  return groups.map(({ name, first: { search } }) =>
    search ? markup`<p><b>${data(name)}</b>, ${limitsText(search)}: ${searchText(search)}.</p>` : null,
  );
}

function problemsSection(problems: readonly { path: string; message: string }[]): Markup | null {
  if (problems.length === 0) return null;
  const more = problems.length - MAX_PROBLEMS;
  return markup`<section id="problems" aria-labelledby="problems-h"><h2 id="problems-h">Left out</h2><p>These files of the run could not be read, or not whole. The report is of the rest.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Files that could not be read"><table><thead><tr><th class="l" scope="col">File</th><th class="l" scope="col">What is wrong</th></tr></thead><tbody>${problems
    .slice(0, MAX_PROBLEMS)
    .map(
      (problem) => markup`<tr><td class="wide">${data(problem.path, 300)}</td><td class="wide">${data(problem.message, 600)}</td></tr>`,
    )}</tbody></table></div>${more > 0 ? markup`<p class="note">And ${more} more.</p>` : null}</section>`;
}
