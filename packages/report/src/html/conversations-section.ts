import type { ConversationsResult } from '@bench/core';
import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { markup, type Markup } from './markup.ts';
import { latencyColumns, type ResultColumn, resultsTable } from './results-table.ts';

const COLUMNS: readonly ResultColumn[] = [
  ['Requests', 'ok', 0, ({ counts }) => counts.ok],
  ['Requests', 'failed', 0, ({ counts }) => counts.failed],
  ['Prompt', 'tokens', 1, ({ scalars }) => scalars.mean_input_tokens],
  ['Prompt', 'cached, %', 1, ({ scalars: { cached_ratio: cached } }) => (cached === undefined ? undefined : 100 * cached)],
  ...latencyColumns(['ttft_ms', 'tpot_ms', 'e2el_ms']),
];

/** First turns of conversations beside the later ones, a table a task, and what was never sent. Null: no load has conversations. */
export function conversationsSection(groups: readonly TaskGroup[]): Markup | null {
  const parts = groups.flatMap((group) => {
    const talks = group.measured.flatMap((row) => (row.conversations ? [{ load: pointLabel(row), result: row.conversations }] : []));
    if (talks.length === 0) return [];
    const lines = talks.flatMap(({ load, result: { turns } }) => [
      { load, name: 'first', each: turns.first },
      { load, name: 'later', each: turns.later },
    ]);
    const title = groups.length > 1 ? group.name : null;
    const table = resultsTable({ label: 'Turns of conversations', head: 'Turns', columns: COLUMNS, lines, title });
    const losses = talks.flatMap(({ load, result }) => {
      const lost = lossText(result);
      return lost === null ? [] : [markup`<p class="note">${load}: ${lost}.</p>`];
    });
    return [markup`${table}${losses}`];
  });
  if (parts.length === 0) return null;
  return markup`<section id="conversations" aria-labelledby="conversations-h"><h2 id="conversations-h">Turns of conversations</h2>
<p>Every later turn sends the whole conversation so far. A load of so many conversations has as many at once, and those in which the user is thinking count.</p>
${parts}</section>`;
}

/** Which turns were never sent. Null: all were. */
function lossText({ asked, broken, cut, turnsNotSent: { failed, givenUp, ended } }: ConversationsResult): string | null {
  const why = [
    failed > 0 ? `${failed} because an earlier one failed` : null,
    givenUp > 0 ? `${givenUp} because an earlier one was given up` : null,
    ended > 0 ? `${ended} because the load had ended` : null,
  ].filter((each) => each !== null);
  if (why.length === 0) return null;
  return `of ${asked} conversations ${broken} broke off and ${cut} were cut; turns that were never sent: ${why.join(', ')}`;
}
