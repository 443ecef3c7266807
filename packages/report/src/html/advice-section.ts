import { type Advice, adviceOf, notJudgedText } from '../advice/advice.ts';
import type { BottleneckHint } from '../bottlenecks/bottlenecks.ts';
import { formatPercent, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import type { LimitRoom } from '../saturation/slo.ts';
import { data, markup, type Markup } from './markup.ts';

/** Tasks that are told of. */
const MAX_TASKS = 24;

/** The load to run each task at, how sure that is, and what seems to limit it. Null: no task was measured under loads. */
export function adviceSection(groups: readonly TaskGroup[]): Markup | null {
  const all = adviceOf(groups).filter(({ saturation, recommendation, hints }) => saturation ?? recommendation ?? hints[0]);
  if (all.length === 0) return null;
  const more = all.length - MAX_TASKS;
  return markup`<section id="limits" aria-labelledby="limits-h"><h2 id="limits-h">Saturation and limits</h2>
<p>Where more load stops paying, how far the SLO is, and what seems to be in the way, each with the figures that say so. A hint is no proof: it says where to look first.</p>
${all.slice(0, MAX_TASKS).map((advice) => taskAdvice(advice, all.length > 1))}${more > 0 ? markup`<p class="note">${plural(more, 'more task')} not shown.</p>` : null}</section>`;
}

function taskAdvice(advice: Advice, named: boolean): Markup {
  const { group, saturation, recommendation, hints } = advice;
  const unjudged = notJudgedText(advice);
  return markup`${named ? markup`<h3>${data(group.name, 160)}</h3>` : null}${
    recommendation
      ? markup`<p><strong>${data(recommendation.words, 600)}</strong> <span class="note">${data(recommendation.confidence.words, 400)}</span></p>${room(recommendation.room)}`
      : null
  }${saturation ? markup`<p>${data(saturation.words, 500)} <span class="note">${data(saturation.intervalWords, 300)}</span></p>` : null}${
    hints.length > 0 ? hintTable(hints) : null
  }${unjudged ? markup`<p class="note">${data(unjudged, 600)}</p>` : null}`;
}

function room(limits: readonly LimitRoom[]): Markup | null {
  if (limits.length === 0) return null;
  return markup`<p class="note">Room to the limits of the SLO: ${limits
    .map(
      ({ label, value, limit, room: left }) =>
        `${label} ${value} of ${limit} (${left < 0 ? `${formatPercent(-left)} past it` : formatPercent(left)})`,
    )
    .join(', ')}.</p>`;
}

function hintTable(hints: readonly BottleneckHint[]): Markup {
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="What seems to limit it"><table><thead><tr><th class="l" scope="col">Limit</th><th class="l" scope="col">What was seen</th><th class="l" scope="col">Figures</th><th class="l" scope="col">Said from</th><th class="l" scope="col">Try</th></tr></thead><tbody>${hints.map(
    ({ title, words, evidence, threshold, suggestion }) =>
      markup`<tr><th class="l" scope="row">${title}</th><td class="l wide">${data(words, 600)}</td><td class="l wide">${data(evidence.map(({ label, value }) => `${label} ${value}`).join(', '), 400)}</td><td class="l wide">${threshold}</td><td class="l wide">${suggestion}</td></tr>`,
  )}</tbody></table></div>`;
}
