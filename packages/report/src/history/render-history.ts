import { minuteText } from '@bench/core';
import { plural } from '../format.ts';
import { type Paint, painter, toAscii } from '../table/paint.ts';
import type { TableOptions } from '../table/render-table.ts';
import { displayWidth, padEnd, padStart, truncate, wrap } from '../table/width.ts';
import { oneLine } from '../text.ts';
import type { History, HistoryChange, HistorySeries } from './build-history.ts';
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

export interface HistoryTextOptions extends TableOptions {
  /** Every run of every series. Default: of more than four series a line each. */
  all?: boolean;
}

/** From here on a series is one line. */
const MANY = 4;
/** Of what differs between two runs. */
const MAX_DIFFERENCES = 6;
const GAP = 2;

/** A column of a table. */
interface Column {
  head: string;
  cells: readonly string[];
  right?: true;
  /** Lowest goes first where there is little room; none: it stays. */
  keep?: number;
}

interface Drawn {
  width: number;
  paint: Paint;
  unicode: boolean;
}

/** A history for a terminal, without a trailing newline. */
export function renderHistory({ series, without }: History, options: HistoryTextOptions): string {
  const drawn = { width: options.width, unicode: options.unicode, paint: painter(options.color) };
  const { paint, width } = drawn;
  const short = !(options.all ?? false) && series.length > MANY;
  const body = short ? overview(series, drawn) : series.flatMap((one, i) => [...(i > 0 ? [''] : []), ...seriesLines(one, drawn)]);
  const left = without.slice(0, MANY).map(({ runId, why }) => `without these figures: ${runId}: ${oneLine(why, 200)}`);
  if (without.length > MANY) left.push(`and ${plural(without.length - MANY, 'other run')}`);
  const notes = [
    ...left,
    ...(short ? ['One of them with all its runs: --variant NAME --load N; all of them: --all.'] : []),
    ...methodWords(series),
  ];
  const lines = [...body, ...(notes.length > 0 ? [''] : []), ...notes.flatMap((text) => wrap(text, width, 2)).map(paint.dim)];
  return (options.unicode ? lines : lines.map(toAscii)).join('\n');
}

function seriesLines(series: HistorySeries, drawn: Drawn): string[] {
  const { width, paint, unicode } = drawn;
  const { entries, changes } = series;
  const values = valueTexts(series);
  const changeAt = new Map(changes.map((change) => [change.entry, change]));
  const tags = entries.map((entry) => entry.tags.map((tag) => oneLine(tag, 40)).join(' '));
  const table = tableOf(
    [
      { head: 'measured (UTC)', cells: entries.map(({ measuredAt }) => (measuredAt === null ? '' : minuteText(measuredAt))), keep: 3 },
      { head: 'run', cells: entries.map(({ runId }) => oneLine(runId, 40)) },
      { head: 'engine', cells: entries.map(engineText), keep: 4 },
      { head: 'tags', cells: tags, keep: 1 },
      { head: oneLine(series.figure.unit, 20) || 'figure', cells: values, right: true },
      { head: '95 % interval', cells: entries.map((entry) => boundsText(series, entry)), right: true, keep: 2 },
      { head: 'change', cells: entries.map((_, i) => changeCell(changeAt.get(i), drawn)), keep: 5 },
    ],
    width,
  );
  const [head = '', ...rows] = table;
  const indented = (text: string) => wrap(text, width - 4, 2).map((line) => `    ${line}`);
  const trend = unicode && entries.length > 1 ? [`${sparkline(entries.map(({ value }) => value))}  oldest to newest`] : [];
  return [
    ...wrap(seriesName(series), width).map(paint.bold),
    ...wrap(seriesPlace(series), width).map(paint.dim),
    ...wrap(figureWords(series), width).map(paint.dim),
    ...trend,
    paint.dim(head),
    ...rows.flatMap((row, i) => {
      const entry = entries[i];
      const change = changeAt.get(i);
      const more = (entry?.differs.length ?? 0) - MAX_DIFFERENCES;
      const below = [
        ...(entry?.differs.slice(0, MAX_DIFFERENCES).map(differenceWords) ?? []),
        ...(more > 0 ? [`and ${plural(more, 'other difference')}; --json has all`] : []),
      ];
      const doubtful = entry ? doubts(entry) : [];
      return [
        change ? colourOf(change, paint)(row) : row,
        ...below.flatMap(indented).map(paint.dim),
        ...(doubtful.length > 0 ? indented(`in doubt: ${doubtful.join(', ')}`).map(paint.yellow) : []),
      ];
    }),
  ];
}

function overview(series: readonly HistorySeries[], drawn: Drawn): string[] {
  const { width, paint, unicode } = drawn;
  const several = (of: (one: HistorySeries) => string | null) => new Set(series.map(of)).size > 1;
  const last = series.map(({ changes }) => changes.at(-1));
  const lines = tableOf(
    [
      { head: 'point', cells: series.map(seriesName) },
      ...(several(({ machine }) => machine) ? [{ head: 'machine', cells: series.map(({ machine }) => machine ?? ''), keep: 3 }] : []),
      ...(several(({ prompts }) => prompts) ? [{ head: 'prompts', cells: series.map(({ prompts }) => prompts ?? ''), keep: 1 }] : []),
      ...(several(({ figure }) => figure.name) ? [{ head: 'figure', cells: series.map(({ figure }) => oneLine(figure.label, 60)) }] : []),
      { head: 'runs', cells: series.map(({ entries }) => String(entries.length)), right: true, keep: 4 },
      { head: 'newest', cells: series.map((one) => valueTexts(one).at(-1) ?? ''), right: true },
      ...(unicode
        ? [
            {
              head: 'trend',
              cells: series.map(({ entries }) =>
                sparkline(
                  entries.map(({ value }) => value),
                  20,
                ),
              ),
              keep: 5,
            },
          ]
        : []),
      {
        head: 'last change',
        cells: series.map(({ entries }, i) => {
          const change = last[i];
          const at = change && entries[change.entry]?.measuredAt;
          return `${at ? `${at.slice(0, 10)} ` : ''}${changeCell(change, drawn)}`;
        }),
      },
    ],
    width,
  );
  const [head = '', ...rows] = lines;
  const [first] = series;
  const figure = first && !several((one) => one.figure.name) ? wrap(figureWords(first), width).map(paint.dim) : [];
  return [
    ...figure,
    paint.dim(head),
    ...rows.map((row, i) => {
      const change = last[i];
      return change ? colourOf(change, paint)(row) : row;
    }),
  ];
}

function changeCell(change: HistoryChange | undefined, { unicode }: Drawn): string {
  if (!change) return '';
  return `${unicode ? (change.after > change.before ? '▲ ' : '▼ ') : ''}${changeWords(change)}`;
}

function colourOf({ verdict, unconfirmed }: HistoryChange, paint: Paint): (text: string) => string {
  if (verdict === null || unconfirmed) return paint.yellow;
  return verdict === 'worse' ? paint.red : paint.green;
}

/** Aligned lines, the first of them the heads. Empty columns are left out, then the least important ones until the rest fits; then lines are cut. */
function tableOf(columns: readonly Column[], width: number): string[] {
  let shown = columns.filter(({ cells, keep }) => keep === undefined || cells.some(Boolean));
  const widthOf = ({ head, cells }: Column) => Math.max(displayWidth(head), ...cells.map(displayWidth));
  const total = () => shown.reduce((sum, column) => sum + widthOf(column), 0) + GAP * (shown.length - 1);
  while (total() > width) {
    const [weakest] = shown.filter(({ keep }) => keep !== undefined).sort((a, b) => (a.keep ?? 0) - (b.keep ?? 0));
    if (!weakest) break;
    shown = shown.filter((column) => column !== weakest);
  }
  const line = (of: (column: Column) => string) =>
    truncate(
      shown
        .map((column) => (column.right ? padStart : padEnd)(of(column), widthOf(column)))
        .join(' '.repeat(GAP))
        .trimEnd(),
      width,
      '…',
    );
  const rows = shown[0]?.cells.length ?? 0;
  return [line(({ head }) => head), ...Array.from({ length: rows }, (_, i) => line(({ cells }) => cells[i] ?? ''))];
}
