import { formatDuration } from '@bench/core';
import type { DeploymentFile, RunSpan, RunView } from '@bench/results';
import { formatPercent, listWords } from '../format.ts';
import { engineLabel } from '../labels.ts';
import { TIME_KINDS, timeShares } from '../run-time.ts';
import { deployments } from './deployments.ts';
import { data, markup, type Markup } from './markup.ts';

const MAX_BLOCKS = 24;
const MAX_RUNS = 12;
const MAX_LANES = 30;

type Phases = DeploymentFile['phases'];

const sumMs = (phases: Phases): number => phases.reduce((sum, p) => sum + p.durationMs, 0);

/** Phases that stand for themselves, each followed by its parts. */
function nested(phases: Phases): { phase: Phases[number]; offsetMs: number }[] {
  const whole = phases.filter((p) => p.within === undefined);
  // One after another by length: between the last two lies the load itself, which would dwarf them all.
  return whole.flatMap((phase, i) => {
    const offsetMs = sumMs(whole.slice(0, i));
    const parts = phases.filter((p) => p.within === phase.name);
    const inside = (p: Phases[number]) => Math.min(Math.max(0, p.startMs - phase.startMs), Math.max(0, phase.durationMs - p.durationMs));
    return [{ phase, offsetMs }, ...parts.map((part) => ({ phase: part, offsetMs: offsetMs + inside(part) }))];
  });
}

/** How long each deployment took to come up, and on what. */
export function phasesSection(runs: readonly RunView[]): Markup | null {
  const list = deployments(runs).filter(({ phases }) => phases.length > 0);
  const told = runs.filter(({ spans }) => spans.spans.length > 0);
  const timelines = told.slice(0, MAX_RUNS).map((run) => runTimeline(run, told.length > 1));
  if (list.length === 0 && timelines.length === 0) return null;
  const shown = list.slice(0, MAX_BLOCKS);
  const figures = shown.map((deployment) => {
    const whole = deployment.phases.filter((p) => p.within === undefined);
    const total = Math.max(sumMs(whole), 1);
    const percent = (ms: number) => `${((ms / total) * 100).toFixed(2)}%`;
    const rows = nested(deployment.phases).map(({ phase, offsetMs }) => {
      const part = phase.within !== undefined;
      return markup`<tr${part ? markup` class="part"` : null}><th class="l" scope="row">${data(phase.name.replaceAll('_', ' '), 60)}</th><td>${formatDuration(phase.durationMs)}</td><td class="gantt"><div><i style="left:${percent(offsetMs)};width:${percent(phase.durationMs)}"></i></div></td></tr>`;
    });
    const upMs = sumMs(whole.filter((p) => p.name !== 'teardown'));
    const { engine } = deployment;
    const title = markup`${data(engineLabel(engine), 80)}${engine.model === '' ? null : markup`, ${data(engine.model, 80)}`}`;
    return markup`<figure><figcaption>${title} <span>${deployment.status === 'failed' ? 'failed after' : 'ready after'} ${formatDuration(upMs)}</span></figcaption>
<div class="scroll bare" role="region" tabindex="0" aria-label="Phases"><table><thead><tr><th class="l" scope="col">Phase</th><th scope="col">Time</th><th class="l" scope="col">Share</th></tr></thead><tbody>${rows}</tbody></table></div></figure>`;
  });
  const left = list.length - shown.length;
  const leftRuns = told.length - timelines.length;
  const up = markup`<h3${timelines.length > 0 ? markup` class="gap"` : null}>Bringing it up</h3><p>What it took to get each deployment ready, and to take it down again; the load lies between.${left > 0 ? ` ${left} more are left out.` : null}</p><div class="charts">${figures}</div>`;
  return markup`<section id="phases" aria-labelledby="phases-h"><h2 id="phases-h">Where the time went</h2>${
    timelines.length > 0
      ? markup`<p>What each machine and deployment did when, by the run’s journal. Where several things went on at once, the time counts as measuring if anything measured.${leftRuns > 0 ? ` ${leftRuns} more runs are left out.` : null}</p><div class="stack">${timelines}</div>`
      : null
  }${figures.length > 0 ? up : null}</section>`;
}

/** What a run's time was spent on: a line a machine and deployment. Null: its journal tells of nothing. */
function runTimeline({ run, spans, tasks }: RunView, named: boolean): Markup | null {
  if (spans.spans.length === 0 || spans.totalMs <= 0) return null;
  const lanes = [...new Set(spans.spans.map(({ lane }) => lane))];
  const shown = lanes.slice(0, MAX_LANES);
  const engineOf = new Map(
    tasks.flatMap(({ deployment }) => (deployment ? [[deployment.id, engineLabel(deployment.engine)] as const] : [])),
  );
  const percent = (ms: number) => `${((ms / spans.totalMs) * 100).toFixed(2)}%`;
  const rows = shown.map((lane) => {
    const own = spans.spans.filter((span) => span.lane === lane);
    const bars = own.map((span) => bar(span, percent));
    const said = own.map(
      (span) => `${WORDS.get(span.kind)} from ${formatDuration(span.fromMs)} for ${formatDuration(span.toMs - span.fromMs)}`,
    );
    const name = own[0]?.on === 'machine' ? 'machine ' : '';
    return markup`<tr><th class="l" scope="row">${name}${data(lane, 40)}${engineOf.has(lane) ? markup`<span class="within">${data(engineOf.get(lane), 60)}</span>` : null}</th><td class="gantt"><div role="img" aria-label="${said.slice(0, 20).join('; ')}">${bars}</div></td></tr>`;
  });
  const shares = timeShares(spans);
  const words = listWords(shares.map(({ kind, ms }) => `${WORDS.get(kind)} ${formatPercent(ms / spans.totalMs)} (${formatDuration(ms)})`));
  const more = lanes.length - shown.length;
  return markup`<figure class="timeline"><figcaption>${named ? markup`Run ${data(run.id, 40)}: ` : null}${formatDuration(spans.totalMs)} from beginning to end <span>${words}</span></figcaption>
<div class="scroll bare" role="region" tabindex="0" aria-label="Time of the run"><table class="unsorted"><thead><tr><th class="l" scope="col">Where</th><th class="l" scope="col">When</th></tr></thead><tbody>${rows}</tbody></table></div>
<ul class="legend">${shares.filter(({ kind }) => kind !== 'idle').map(({ kind }) => markup`<li><i class="t-${kind}"></i>${WORDS.get(kind)}</li>`)}</ul>${more > 0 ? markup`<p class="note">${more} more are left out.</p>` : null}</figure>`;
}

const WORDS = new Map(TIME_KINDS);

const bar = ({ kind, fromMs, toMs }: RunSpan, percent: (ms: number) => string): Markup =>
  markup`<i class="t-${kind}" style="left:${percent(fromMs)};width:${percent(toMs - fromMs)}"></i>`;
