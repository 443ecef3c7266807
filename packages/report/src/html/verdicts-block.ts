import { formatShort, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { ownFindings } from '../own-headline.ts';
import { saturation } from '../saturation/saturation.ts';
import { contenders } from '../verdicts/contenders.ts';
import { type ContestVerdicts, type Verdict, verdictsOf } from '../verdicts/verdicts.ts';
import { data, markup, type Markup } from './markup.ts';

/** Kinds of work with a line each; more are in the summary. */
const MAX_CONTESTS = 6;
/** Contenders whose saturation stands on the first screen. */
const MAX_KNEES = 4;

/** Which is best for what, with the reason and how sure that is: cards for one kind of work, a line each for several. */
export function verdictsBlock(groups: readonly TaskGroup[]): Markup | null {
  const contests = verdictsOf(groups);
  const [only] = contests;
  const own = ownFindings(groups).map(
    (finding) =>
      markup`<div class="card"><h2>${data(finding.question, 80)}</h2><p class="big">${finding.value}<small>${data(finding.unit, 40)}</small></p><p>${data(finding.words, 500)}</p></div>`,
  );
  const cards = [...(only && contests.length === 1 ? only.verdicts.map(card) : []), ...own, knees(groups)].filter((each) => each !== null);
  const table = contests.length > 1 ? contestTable(contests) : null;
  const unanswered = (only?.unanswered ?? []).filter((sentence) => contests.every((contest) => contest.unanswered.includes(sentence)));
  if (cards.length === 0 && !table) return null;
  return markup`${table}${cards.length > 0 ? markup`<div class="cards">${cards}</div>` : null}${unanswered.length > 0 ? markup`<p class="unanswered">${unanswered.map(withCode).flatMap((each) => [each, ' '])}</p>` : null}`;
}

function card({ title, value, unit, where, reason, confidence, unequal, caveats }: Verdict): Markup {
  const [first, ...more] = caveats;
  return markup`<div class="card verdict"><h2>${title}</h2><p class="big">${number(value)}<small>${unitOf(value)}${unit}</small></p>
<p class="who"><strong>${data(where, 160)}</strong></p><p>${data(reason, 600)}</p>${sure(confidence)}${unequal === null ? null : markup`<p class="caveat">${data(unequal, 600)}</p>`}${first ? markup`<p class="caveat">${data(first, 400)}</p>` : null}${more.length > 0 ? markup`<details class="more"><summary>${plural(more.length, 'more reservation')}</summary>${more.map((each) => markup`<p>${data(each, 400)}</p>`)}</details>` : null}</div>`;
}

/** `12.3 ms` is a number and a unit of its own. */
const number = (value: string): string => value.split(' ')[0] ?? value;
const unitOf = (value: string): string => (value.includes(' ') ? `${value.slice(value.indexOf(' ') + 1)} ` : '');

const sure = ({ level, words }: Verdict['confidence']): Markup => markup`<p class="sure ${level}">${data(words, 300)}</p>`;

/** Where more load stops paying, for a few contenders. */
function knees(groups: readonly TaskGroup[]): Markup | null {
  const list = contenders(groups);
  if (list.length > MAX_KNEES) return null;
  const found = list.flatMap((group) => {
    const knee = saturation(group);
    return knee ? [{ group, knee }] : [];
  });
  const [only] = found;
  if (!only) return null;
  const at = ({ row, kind }: typeof only.knee) =>
    `${kind === 'rising' ? '> ' : kind === 'from-start' && row.axis?.kind === 'rate' ? '< ' : ''}${formatShort(row.axis?.value)}`;
  const unit = ({ row }: typeof only.knee) => (row.axis?.kind === 'rate' ? 'req/s' : 'concurrent');
  if (found.length === 1)
    return markup`<div class="card"><h2>Saturation</h2><p class="big">${at(only.knee)}<small>${unit(only.knee)}</small></p><p>${data(only.knee.words, 500)}</p></div>`;
  return markup`<div class="card"><h2>Saturation</h2><ul class="plainlist">${found.map(
    ({ group, knee }) =>
      markup`<li><strong>${data(group.name, 60)}</strong> ${knee.kind === 'rising' ? `not reached at ${formatShort(knee.row.axis?.value)} ${unit(knee)}` : `at ${at(knee)} ${unit(knee)}`}</li>`,
  )}</ul></div>`;
}

/** A line for each kind of work; on a phone its cells stand below each other, and the roles say that it is a table all the same. */
function contestTable(contests: readonly ContestVerdicts[]): Markup {
  const shown = contests.slice(0, MAX_CONTESTS);
  const kinds = (['fastest', 'quickest', 'cheapest', 'slo'] as const).flatMap((kind) => {
    const title = shown.flatMap(({ verdicts }) => verdicts.filter((verdict) => verdict.kind === kind).map((verdict) => verdict.title))[0];
    return title === undefined ? [] : [{ kind, title }];
  });
  const cell = (verdict: Verdict | undefined, title: string): Markup => {
    if (!verdict) return markup`<td class="l" role="cell" data-head="${title}">–</td>`;
    const { value, unit, where, reason, confidence, unequal, caveats } = verdict;
    const told = [reason.split(/(?<=\.)\s/)[0], unequal, confidence.words, caveats[0]].filter(Boolean).join(' ');
    return markup`<td class="l wide verdict" role="cell" data-head="${title}"><b>${data(where, 100)}</b><span>${value} ${unit}</span><span class="sure ${confidence.level}">${data(told, 800)}</span></td>`;
  };
  const more = contests.length - shown.length;
  return markup`<div class="scroll verdicts" role="region" tabindex="0" aria-label="What is best for what"><table role="table"><thead><tr role="row"><th class="l" scope="col" role="columnheader">Of</th>${kinds.map(({ title }) => markup`<th class="l" scope="col" role="columnheader">${title}</th>`)}</tr></thead><tbody>${shown.map(
    ({ contest, verdicts }) =>
      markup`<tr role="row"><th class="l wide" scope="row" role="rowheader">${data(contest.name, 120)}<span>${plural(contest.contenders.length, 'contender')}</span></th>${kinds.map(
        ({ kind, title }) =>
          cell(
            verdicts.find((verdict) => verdict.kind === kind),
            title,
          ),
      )}</tr>`,
  )}</tbody></table></div>${more > 0 ? markup`<p class="note">${plural(more, 'more kind')} of work (another model or other data) ${more === 1 ? 'is' : 'are'} in the summary.</p>` : null}`;
}

/** A sentence of ours with code between backticks. */
function withCode(sentence: string): Markup {
  return markup`${sentence.split('`').map((part, i) => (i % 2 === 1 ? markup`<code>${part}</code>` : part))}`;
}
