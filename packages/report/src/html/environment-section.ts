import {
  type Cancel,
  type Conversations,
  formatBytes,
  formatDuration,
  generatesText,
  type LengthRange,
  type LoadClass,
  type LoadSpec,
} from '@bench/core';
import type { DeploymentFile, MachineFile, RunView } from '@bench/results';
import { clientErrorText } from '../client-error.ts';
import { costLines } from '../cost.ts';
import { formatMs, formatShort, formatStamp, formatUsd, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { dataLabel, engineImage, engineLabel, loadsLabel, recipePath, systemFacts } from '../labels.ts';
import { machinePrices, type MachinePrice } from '../prices/machine-price.ts';
import { deployments, uniqueBy } from './deployments.ts';
import { data, markup, type Markup } from './markup.ts';

const MAX_RECIPE = 20_000;
const MAX_BLOCKS = 24;

type Fact = readonly [string, Markup | string | null | undefined];

const facts = (list: readonly Fact[]): Markup =>
  markup`<dl class="facts">${list.flatMap(([name, value]) => (value ? [markup`<dt>${name}</dt><dd>${typeof value === 'string' ? data(value, 2000) : value}</dd>`] : []))}</dl>`;

const panel = (title: Markup | string, body: Markup): Markup => markup`<div class="panel"><h3>${title}</h3>${body}</div>`;

/** Machine, engine, load and recipe: what someone needs to measure it again. */
export function environmentSection(runs: readonly RunView[], groups: readonly TaskGroup[]): Markup {
  const runPanels = runs.slice(0, MAX_BLOCKS).map(({ run, status, notes, cost, jobs }) =>
    panel(
      'Run',
      facts([
        ['Id', run.id],
        ['Status', status],
        ['Started', formatStamp(run.createdAt)],
        ['Ended', run.endedAt ? formatStamp(run.endedAt) : null],
        ['Site', run.asked.site],
        ['Cost of machines', cost ? costLines(cost).join('\n') : null],
        ...jobs.slice(0, MAX_BLOCKS).map(jobFact),
        ['Recipes', run.asked.recipes.map(recipePath).join(', ')],
        ['Filter', run.asked.filter.join(', ')],
        ['Seed', String(run.asked.seed)],
        [
          'Tools',
          Object.entries(run.tools)
            .map(([tool, version]) => `${tool} ${version}`)
            .join(', '),
        ],
        ['Tags', notes.tags.join(', ')],
        ...notes.remarks.map((remark): Fact => [`Remark, ${formatStamp(remark.at)}`, remark.text]),
      ]),
    ),
  );
  const rows = groups.flatMap((group) => group.rows);
  const machines = uniqueBy(
    runs.flatMap((run) => run.machines.map((machine) => ({ machine, prices: machinePrices(machine, run, rows) }))),
    (each) => JSON.stringify(each),
  ).slice(0, MAX_BLOCKS);
  const engines = uniqueBy(deployments(runs), (d) => JSON.stringify(d.engine)).slice(0, MAX_BLOCKS);
  const loads = uniqueBy(
    groups.filter((group) => loadFacts(group).length > 0),
    (group) => loadFacts(group).map(String).join('|'),
  ).slice(0, MAX_BLOCKS);
  const recipes = uniqueBy(
    runs.flatMap((run) =>
      run.tasks.flatMap((task) => (task.recipeText ? [{ name: `${task.file.recipe} / ${task.file.variant}`, text: task.recipeText }] : [])),
    ),
    (recipe) => recipe.name + recipe.text,
  ).slice(0, MAX_BLOCKS);
  return markup`<section id="environment" aria-labelledby="environment-h"><h2 id="environment-h">Environment</h2>
<p>What was measured, on what, and how. What is not known is left out.</p>
<div class="panels">${runPanels}${machines.map(machinePanel)}${engines.map(enginePanel)}${loads.map((group) => panel(loads.length > 1 ? markup`Load, ${data(group.name, 80)}` : 'Load', facts(loadFacts(group))))}</div>
${recipes.length > 0 ? markup`<h3 class="gap">Resolved ${recipes.length > 1 ? 'recipes' : 'recipe'}</h3>` : null}${recipes.map(
    (recipe) =>
      markup`<details><summary>${data(recipe.name)}</summary><pre tabindex="0">${recipe.text.slice(0, MAX_RECIPE)}${recipe.text.length > MAX_RECIPE ? '\n… cut here; the whole of it is in the run directory' : null}</pre></details>`,
  )}</section>`;
}

/** How a job of a queue ended, and what accounting says that it used. */
function jobFact({ job, role, client, ended }: RunView['jobs'][number]): Fact {
  const { elapsedS = null, maxRssBytes = null, exitCode = null } = ended?.usage ?? {};
  const said = [
    ended?.state,
    elapsedS === null ? null : formatDuration(elapsedS * 1000),
    maxRssBytes === null ? null : `${formatBytes(maxRssBytes)} of memory at most`,
    exitCode === null ? null : `exit code ${exitCode}`,
  ];
  return [`Job ${job}, ${client === null ? role : `client ${client}`}`, said.filter((part) => part != null).join(', ')];
}

function machinePanel({ machine, prices }: { machine: MachineFile; prices: readonly MachinePrice[] }): Markup {
  const said = prices.map(({ usdPerHour, source }) => `${formatUsd(usdPerHour)} an hour${source ? `, ${source}` : ''}`);
  return panel('Machine', facts([...systemFacts(machine.system), ['Price', said.join('; ') || 'not known']]));
}

function enginePanel(deployment: DeploymentFile): Markup {
  const { engine } = deployment;
  // A service serves no model, and a command is no server.
  const what = engine.model !== '' ? 'Engine' : engine.name === 'command' ? 'Command' : 'Service';
  return panel(
    what,
    facts([
      [what, engineLabel(engine)],
      ['Model', engine.model],
      ['Weights', engine.randomWeights ? 'generated (random): timings are real, the text is noise' : null],
      ['Image', engineImage(deployment)],
      ['Command', engine.command ? markup`<code>${engine.command.join(' ')}</code>` : null],
      ['Error', deployment.error?.message],
    ]),
  );
}

function loadFacts(group: TaskGroup): Fact[] {
  const row = group.measured[0];
  const load = row?.load;
  if (!load) return [];
  const slo = Object.entries(load.slo).map(([name, ms]) => `${name.replace(/Ms$/, '').toUpperCase()} ≤ ${formatMs(ms)}`);
  const first = load.warmupMs === undefined ? plural(load.warmupRequests, 'request') : `${load.warmupMs / 1000} s`;
  const warmup = load.warmupRequests > 0 ? `${first} before each point, left out of every figure` : 'none';
  return [
    ['Points', loadsLabel(group.measured.map((r) => r.load))],
    [
      'Requests',
      `${load.api === 'chat' ? 'chat completions' : load.api}, ${load.stream && generatesText(load.api) ? 'streamed' : 'not streamed'}`,
    ],
    ['Data', dataLabel(load)],
    [
      'A point ends',
      load.numPrompts
        ? `after ${plural(load.numPrompts, 'request')}${group.measured.some((r) => r.load?.numPrompts !== load.numPrompts) ? ' (first point)' : ''}`
        : load.durationMs
          ? `after ${formatDuration(load.durationMs)}`
          : load.arrival.kind === 'trace'
            ? 'with the trace'
            : 'stages' in load.arrival && load.arrival.stages
              ? 'with its last stage'
              : null,
    ],
    ['Warm-up', warmup],
    [
      'Arrival',
      load.arrival.kind === 'closed'
        ? `closed loop: a new ${load.conversations ? 'conversation' : 'request'} as soon as one ends${inFlightWords(load.arrival)}`
        : `open loop, ${arrivalsLabel(load.arrival)}`,
    ],
    [
      'Sampling',
      generatesText(load.api) ? `temperature ${formatShort(load.temperature)}${load.ignoreEos ? ', end of sequence ignored' : ''}` : null,
    ],
    ['Client’s own error', clientErrorText(group.measured.map((r) => r.accuracy))],
    ['Given up', load.cancel ? cancelLabel(load.cancel) : null],
    ['Conversations', load.conversations ? conversationsLabel(load.conversations) : null],
    ['Classes', load.classes ? load.classes.map(classLabel).join('; ') : null],
    ['SLO', slo.join(', ')],
    [
      'Output tokens counted by',
      row.tokenSources && row.tokenSources.output !== 'none' ? row.tokenSources.output.replaceAll('_', ' ') : null,
    ],
  ];
}

function classLabel({ name, weight, model, inputTokens, outputTokens }: LoadClass): string {
  const lengths = [inputTokens && `${rangeLabel(inputTokens)} tokens in`, outputTokens && `${rangeLabel(outputTokens)} out`];
  return [`${name} × ${formatShort(weight)}`, model && model !== name ? `model ${model}` : null, ...lengths].filter(Boolean).join(', ');
}

const rangeLabel = ({ min, max }: LengthRange) => (min === max ? String(min) : `${min} to ${max}`);

function conversationsLabel({ turns, inputTokens, thinkTime, history }: Conversations): string {
  const think =
    thinkTime &&
    `${formatDuration(thinkTime.meanMs)} to think${thinkTime.distribution === 'exponential' ? ' in the mean (exponential)' : ''}`;
  return [
    `${rangeLabel(turns)} turns`,
    inputTokens && `${rangeLabel(inputTokens)} tokens in after the first`,
    think,
    history === 'answers' ? 'with the model’s answers before' : 'with made answers before',
  ]
    .filter(Boolean)
    .join(', ');
}

function cancelLabel({ ratio, afterMs }: Cancel): string {
  const share = `${formatShort(ratio * 100)} % of the requests, `;
  if (!afterMs) return `${share}after a drawn part of the answer`;
  return `${share}${afterMs.min === afterMs.max ? formatDuration(afterMs.min) : `${formatDuration(afterMs.min)} to ${formatDuration(afterMs.max)}`} after sending`;
}

/** What a concurrency that changes in time adds to the words of a closed loop. */
function inFlightWords({ stages }: Extract<LoadSpec['arrival'], { kind: 'closed' }>): string {
  if (!stages) return '';
  const each = stages.map(({ durationMs, concurrency, toConcurrency }) => {
    const slots = toConcurrency === undefined ? `${concurrency}` : `${concurrency} to ${toConcurrency}`;
    return `${slots} in flight for ${formatDuration(durationMs)}`;
  });
  return `; ${each.join(', then ')}`;
}

function arrivalsLabel(arrival: Exclude<LoadSpec['arrival'], { kind: 'closed' }>): string {
  if (arrival.kind === 'bursts') return `bursts of ${arrival.size} every ${formatDuration(arrival.everyMs)}`;
  if (arrival.kind === 'trace')
    return arrival.speed === 1 ? 'at the times of the trace' : `at the times of the trace, ${formatShort(arrival.speed)} times as fast`;
  if (arrival.kind !== 'stages') return `${arrival.kind} arrivals`;
  const stages = arrival.stages.map(({ durationMs, ratePerS, toRatePerS }) => {
    const rate = toRatePerS === undefined ? formatShort(ratePerS) : `${formatShort(ratePerS)} to ${formatShort(toRatePerS)}`;
    return `${rate} req/s for ${formatDuration(durationMs)}`;
  });
  return `${arrival.process} arrivals, ${stages.join(', then ')}`;
}
