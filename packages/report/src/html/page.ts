import { limitsText, searchText } from '@bench/results';
import { readCharted } from '../charted.ts';
import { formatStamp } from '../format.ts';
import { taskGroups, type TaskGroup } from '../groups.ts';
import { failureLogs } from '../logs/failure-logs.ts';
import type { Problem, Report } from '../report.ts';
import { oneLine } from '../text.ts';
import { adviceSection } from './advice-section.ts';
import { classesSection } from './classes-section.ts';
import { conversationsSection } from './conversations-section.ts';
import { costSection } from './cost-section.ts';
import { curveSection } from './curve-section.ts';
import { definitionsSection } from './definitions-section.ts';
import { differencesSection } from './differences-section.ts';
import { distributionSection } from './distribution-section.ts';
import { callouts } from './callouts.ts';
import { environmentSection } from './environment-section.ts';
import { failuresSection } from './failures-section.ts';
import { eyebrow, lede, notesOf, pageTitle } from './head.ts';
import { data, jsonAttribute, markup, raw, type Markup } from './markup.ts';
import { paretoSection } from './pareto-section.ts';
import { phasesSection } from './phases-section.ts';
import { SCRIPT, SCRIPT_HASH } from './script.ts';
import { seriesSection } from './series-section.ts';
import { sourcesSection } from './sources-section.ts';
import { CLIENT_STYLE } from './style-client.ts';
import { STYLE } from './style.ts';
import { steadySection } from './steady-section.ts';
import { summaryTable } from './summary-table.ts';
import { askedSloNotes } from '../slo/asked-text.ts';
import { viewData } from './view-facets.ts';
import { contestKey } from '../verdicts/work.ts';
import { verdictsBlock } from './verdicts-block.ts';
import type { WriteOptions } from './write-html.ts';

const MAX_PROBLEMS = 50;

/** Nothing but what is in the file may load or run. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src '${SCRIPT_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`;

/** The whole page as text. */
export async function renderPage(report: Report, options: WriteOptions): Promise<string> {
  const { runs, rows } = report;
  const groups = taskGroups(rows);
  const { details, left } = await readCharted(report.runs, groups, { signal: options.signal, all: true });
  const told = new Set(report.problems.map(({ row, message }) => `${row} ${message}`));
  const found = details.flatMap(({ points }) =>
    points.flatMap(({ row, problems: own }) => own.map((problem) => ({ ...problem, row: row.id }))),
  );
  const problems = [...report.problems, ...found.filter(({ row, message }) => !told.has(`${row} ${message}`))];
  const logs = (await Promise.all(runs.map((run) => failureLogs(run, options.signal)))).flat();

  const sections: [string, string, Markup | null][] = [
    ['summary', 'Summary', summarySection(groups)],
    ['failures', 'Failures', failuresSection(runs, logs)],
    ['pareto', 'What can be had together', paretoSection(groups)],
    ['curve', 'Latency and throughput', curveSection(groups)],
    ['cost', 'Cost', costSection(runs, groups)],
    ['limits', 'Saturation and limits', adviceSection(groups)],
    ['steady', 'Steady state', steadySection(groups)],
    ['classes', 'Classes of requests', classesSection(groups)],
    ['conversations', 'Turns of conversations', conversationsSection(groups)],
    ['distributions', 'Distributions', distributionSection(details, left)],
    ['series', 'Second by second', seriesSection(details, left)],
    ['differences', 'What differs', differencesSection(report, groups)],
    ['phases', 'Where the time went', phasesSection(runs)],
    ['environment', 'Environment', runs.length > 0 ? environmentSection(runs, groups) : null],
    ['sources', 'Sources', sourcesSection(report)],
    ['problems', 'Left out', problemsSection(problems)],
    ['definitions', 'Definitions', definitionsSection(rows)],
  ];
  const present = sections.filter((section): section is [string, string, Markup] => section[2] !== null);
  const title = pageTitle(groups);
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="generator" content="bench"><meta name="color-scheme" content="light dark">
<title>${oneLine(title, 160)} – benchmark report</title><style>${raw(STYLE)}${raw(CLIENT_STYLE)}</style></head>
<body><a class="skip" href="#main">Skip to the results</a>
<div class="wrap"><header>${eyebrow(runs)}<h1>${data(title, 200)}</h1>${lede(report, groups)}${notesOf(runs)}${askedSlo(rows)}${verdictsBlock(groups)}${callouts(groups, rows, problems)}
<nav aria-label="Sections"><ul>${present.map(([id, name]) => markup`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main id="main">${viewPlace(groups, runs)}${present.map(([, , section]) => section)}</main>
<footer>Written by bench on ${formatStamp(options.now)}. This file is complete in itself: it loads nothing from a network.${requestsPlace(runs)}</footer></div><script>${raw(SCRIPT)}</script></body></html>
`;
  return page.text;
}

/** Whose limits the SLO of this page is. Null: it is that of the recipes. */
function askedSlo(rows: Report['rows']): Markup | null {
  const [limits, ...more] = askedSloNotes(rows);
  return limits === undefined ? null : markup`<p class="lede"><strong>${limits}</strong> ${data(more.join(' '), 2000)}</p>`;
}

/** Where every request is. Null: only other tools' files were read, which have none. */
function requestsPlace(runs: Report['runs']): Markup | null {
  if (runs.length === 0) return null;
  return markup` Every request is in the run ${runs.length === 1 ? 'directory' : 'directories'}: ${data(runs.map((run) => run.run.id).join(', '), 400)}.`;
}

/** Where the script puts the bar that filters and groups, and what it needs to know of the rows. */
function viewPlace(groups: readonly TaskGroup[], runs: Report['runs']): Markup {
  return markup`<div id="view" role="search" aria-label="Filter and group the results" hidden data-view='${jsonAttribute(viewData(groups, runs))}'></div><p id="chart-keys" hidden>Arrow keys read values out, plus and minus zoom, 0 shows all.</p>`;
}

function summarySection(groups: readonly TaskGroup[]): Markup {
  if (groups.length === 0)
    return markup`<section id="summary" aria-labelledby="summary-h"><h2 id="summary-h">Summary</h2><p>The run has no tasks.</p></section>`;
  const bars = groups.some((group) => group.measured.some((row) => row.scalars.output_throughput !== undefined));
  const works = new Set(groups.flatMap((group) => group.measured.map(contestKey))).size;
  return markup`<section id="summary" aria-labelledby="summary-h"><h2 id="summary-h">Summary</h2>
<p>One line a point. The best figure of each column${works > 1 ? ', among points of the same model and data,' : null} is set in colour${bars ? '; the bar behind output throughput is its share of the best' : null}.</p>${summaryTable(groups)}${searches(groups)}</section>`;
}

/** What searches found, one a task. */
function searches(groups: readonly TaskGroup[]): (Markup | null)[] {
  return groups.map(({ name, first: { search } }) =>
    search ? markup`<p><b>${data(name)}</b>, ${limitsText(search)}: ${searchText(search)}.</p>` : null,
  );
}

function problemsSection(problems: readonly Problem[]): Markup | null {
  if (problems.length === 0) return null;
  const more = problems.length - MAX_PROBLEMS;
  const copies = problems.some(({ kind }) => kind === 'copy');
  const unread = problems.some(({ kind }) => kind !== 'copy');
  const what = [
    unread ? 'These files of the run could not be read, or not whole. The report is of the rest.' : null,
    copies ? 'A run of which there are copies counts once: nothing is missing because a copy was left out.' : null,
  ].filter(Boolean);
  return markup`<section id="problems" aria-labelledby="problems-h"><h2 id="problems-h">Left out</h2><p>${what.join(' ')}</p>
<div class="scroll" role="region" tabindex="0" aria-label="What was left out"><table><thead><tr><th class="l" scope="col">File</th><th class="l" scope="col">Why</th></tr></thead><tbody>${problems
    .slice(0, MAX_PROBLEMS)
    .map(
      (problem) => markup`<tr><td class="wide">${data(problem.path, 300)}</td><td class="wide">${data(problem.message, 600)}</td></tr>`,
    )}</tbody></table></div>${more > 0 ? markup`<p class="note">And ${more} more.</p>` : null}</section>`;
}
