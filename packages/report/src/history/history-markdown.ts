import { minuteText } from '@bench/core';
import { plural } from '../format.ts';
import { inert } from '../markdown/inert.ts';
import type { History, HistoryChange, HistoryEntry, HistorySeries } from './build-history.ts';
import {
  boundsText,
  changeWords,
  differenceWords,
  doubts,
  engineText,
  figureWords,
  methodWords,
  seriesName,
  seriesPlace,
  valueTexts,
} from './history-words.ts';
import { sparkline } from './sparkline.ts';

/** Of what differs between two runs: more is counted. */
const MAX_DIFFERENCES = 6;

/** A history as Markdown: a table a series, newest run last. Ends with a newline. */
export function historyMarkdown({ series, without }: History): string {
  const notes = [
    ...without.map(({ runId, why }) => `Without these figures: ${inert(runId, 200)}: ${inert(why, 200)}`),
    ...methodWords(series).map((text) => inert(text, 600)),
  ];
  return `${[...series.map(seriesText), ...notes].join('\n\n')}\n`;
}

function seriesText(series: HistorySeries): string {
  const { entries, changes } = series;
  const changeAt = new Map(changes.map((change) => [change.entry, change]));
  const values = valueTexts(series);
  const rows = entries.map((entry, i) => [
    entry.measuredAt === null ? '' : minuteText(entry.measuredAt),
    [entry.runId, ...entry.tags].map((text) => inert(text, 60)).join(' '),
    inert(engineText(entry), 200),
    values[i] ?? '',
    boundsText(series, entry),
    [markOf(changeAt.get(i)), ...remarks(entry)].filter(Boolean).join('<br>'),
  ]);
  const head = ['measured (UTC)', 'run', 'engine', inert(series.figure.label, 200), '95 % interval', 'change, and what differs'];
  const table = [head, ['---', '---', '---', '---:', '---:', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [
    `### ${inert(seriesName(series), 200)}`,
    `${inert(seriesPlace(series), 200)}; ${inert(figureWords(series), 200)}. ${sparkline(entries.map(({ value }) => value))}`,
    table.join('\n'),
  ].join('\n\n');
}

function markOf(change: HistoryChange | undefined): string {
  if (!change) return '';
  const mark = change.unconfirmed || change.verdict === null ? '🟡' : change.verdict === 'worse' ? '🔴' : '🟢';
  return `${mark} ${inert(changeWords(change), 200)}`;
}

function remarks(entry: HistoryEntry): string[] {
  const doubtful = doubts(entry);
  const more = entry.differs.length - MAX_DIFFERENCES;
  return [
    ...entry.differs.slice(0, MAX_DIFFERENCES).map((difference) => inert(differenceWords(difference), 200)),
    ...(more > 0 ? [`and ${plural(more, 'other difference')}`] : []),
    ...(doubtful.length > 0 ? [`in doubt: ${inert(doubtful.join(', '), 200)}`] : []),
  ];
}
