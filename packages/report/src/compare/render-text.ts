import { listWords, plural } from '../format.ts';
import { type Paint, painter, toAscii } from '../table/paint.ts';
import type { TableOptions } from '../table/render-table.ts';
import { displayWidth, padEnd, padStart, truncate, wrap } from '../table/width.ts';
import { oneLine } from '../text.ts';
import type { ComparedMetric, ComparedPair, Comparison, LonePoint } from './compare-reports.ts';
import {
  cautions,
  changeText,
  figureLabel,
  figureTexts,
  gateWords,
  intervalText,
  pairWords,
  runWords,
  seenText,
  toTellSentences,
  verdictWords,
} from './words.ts';

export interface ComparisonTextOptions extends TableOptions {
  /** Every figure of every point. Default: of more than four points the main figures and those that surely changed, of at most 20 points. */
  all?: boolean;
}

const GAP = 2;
/** Of more points than this, figures that are not the main ones and did not change are left out. */
const MANY = 4;
/** Of more points than this, those where nothing changed are counted. */
const MAX_POINTS = 20;
/** More points without a partner than this are counted. */
const MAX_LONE = 10;

interface Cell {
  head: string;
  of(metric: ComparedMetric): string;
  left?: true;
  /** Lowest goes first where there is little room; none: it stays. */
  keep?: number;
}

const CELLS: readonly Cell[] = [
  { head: 'figure', of: figureLabel, left: true },
  { head: 'base', of: (metric) => figureTexts(metric)[0], keep: 2 },
  { head: 'candidate', of: (metric) => figureTexts(metric)[1], keep: 3 },
  { head: 'change', of: ({ effect, scale }) => (effect ? changeText(effect.change, scale) : '–') },
  { head: '95 % interval', of: (metric) => intervalText(metric, false), keep: 4 },
  { head: 'verdict', of: ({ verdict }) => verdict, left: true },
];

/** A comparison for a terminal, without a trailing newline: the verdict, the gates, the figures, then what differs and what to be careful about. */
export function renderComparison(comparison: Comparison, options: ComparisonTextOptions): string {
  const paint = painter(options.color);
  const { width } = options;
  const gates = gateWords(comparison);
  const { verdicts } = comparison;
  const colour = comparison.gates?.failed || verdicts.worse > 0 ? paint.red : verdicts.better > 0 ? paint.green : paint.bold;
  const title = wrap([gates, verdictWords(comparison)].filter(Boolean).join('; '), width).map(colour);
  const sides = wrap(
    `${runWords(comparison.candidate)} against ${runWords(comparison.base)}, ${plural(comparison.pairs.length, 'point')}`,
    width,
    2,
  );
  const lines = [
    ...title,
    ...sides.map(paint.dim),
    ...gateLines(comparison, { width, paint }),
    ...figureLines(comparison, { ...options, paint }),
    ...loneLines('Only in the base', comparison.onlyBase, { width, paint }),
    ...loneLines('Only in the candidate', comparison.onlyCandidate, { width, paint }),
    ...differenceLines(comparison, { width, paint }),
    ...cautionLines(comparison, { width, paint }),
  ];
  return (options.unicode ? lines : lines.map(toAscii)).join('\n');
}

interface Drawn {
  width: number;
  paint: Paint;
}

function gateLines({ pairs }: Comparison, { width, paint }: Drawn): string[] {
  const judged = pairs.flatMap((pair) => pair.gates.map((gate) => ({ pair, gate })));
  if (judged.length === 0) return [];
  const colours = { failed: paint.red, undecided: paint.yellow, passed: paint.green };
  const order = ['failed', 'undecided', 'passed'];
  const rows = judged
    .map(({ pair, gate }) => ({ ...gate, name: pair.name, text: seenText(gate, pair.metrics) }))
    .sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  const gateWidth = Math.max(...rows.map(({ gate }) => displayWidth(gate.text)));
  return [
    '',
    ...rows.map(({ outcome, gate, name, text }) => {
      const rest = `${padEnd(oneLine(gate.text, 80), Math.min(gateWidth, 40))}  ${text}${pairs.length > 1 ? `  ${name}` : ''}`;
      return `${colours[outcome](padEnd(outcome, 9))}  ${truncate(rest, Math.max(20, width - 11), '…')}`;
    }),
  ];
}

function figureLines({ pairs }: Comparison, { width, paint, all = false }: Drawn & ComparisonTextOptions): string[] {
  const every = all || pairs.length <= MANY;
  const drawn = new Set(all ? pairs : shownPairs(pairs));
  const shown = (pair: ComparedPair) => pair.metrics.filter((metric) => drawn.has(pair) && (every || metric.main || isSure(metric)));
  const metrics = pairs.flatMap(shown);
  const { cells, widths } = fit(metrics, width);
  const line = (text: (cell: Cell) => string) =>
    cells
      .map((cell, i) => (cell.left ? padEnd : padStart)(truncate(text(cell), widths[i] ?? 0, '…'), widths[i] ?? 0))
      .join(' '.repeat(GAP));
  const colours = { worse: paint.red, better: paint.green, same: paint.dim, 'cannot tell': (text: string) => text };
  const lines: string[] = [];
  for (const pair of pairs) {
    const own = shown(pair);
    if (own.length === 0) continue;
    lines.push(
      '',
      ...wrap(oneLine(pair.name, 300), width).map(paint.bold),
      ...wrap(pairWords(pair), width, 2).map(paint.dim),
      paint.dim(line(({ head }) => head).trimEnd()),
    );
    for (const metric of own) lines.push(colours[metric.verdict](line((cell) => cell.of(metric)).trimEnd()));
    for (const sentence of toTellSentences(own)) lines.push(...wrap(sentence, width, 2).map(paint.dim));
  }
  const quiet = pairs.length - drawn.size;
  const others = pairs.filter((pair) => drawn.has(pair)).some((pair) => shown(pair).length < pair.metrics.length);
  const left = [...(others ? ['figures that are not among the main ones'] : []), ...(quiet > 0 ? [plural(quiet, 'whole point')] : [])];
  if (left.length > 0)
    lines.push('', ...wrap(`Without a sure change, and left out: ${listWords(left)}; --all shows them.`, width, 2).map(paint.dim));
  return lines;
}

const isSure = ({ verdict }: ComparedMetric): boolean => verdict === 'worse' || verdict === 'better';

/** Points where something surely changed, and of the others the first, as far as there is room. */
function shownPairs(pairs: readonly ComparedPair[]): ComparedPair[] {
  const changed = pairs.filter(({ metrics }) => metrics.some(isSure));
  return [...changed, ...pairs.filter((pair) => !changed.includes(pair)).slice(0, Math.max(0, MAX_POINTS - changed.length))];
}

/** The name of a figure keeps this much before a column is left out. */
const NAME = 20;

/** Shortens the names of figures, then leaves out columns until the rest fits; in the end the names give way again. */
function fit(metrics: readonly ComparedMetric[], width: number): { cells: readonly Cell[]; widths: number[] } {
  let cells = CELLS;
  const natural = () => cells.map((cell) => Math.max(displayWidth(cell.head), ...metrics.map((metric) => displayWidth(cell.of(metric)))));
  const total = (widths: readonly number[]) => widths.reduce((sum, w) => sum + w, 0) + GAP * (widths.length - 1);
  const least = ([name = 0, ...others]: readonly number[]) => total([Math.min(name, NAME), ...others]);
  while (least(natural()) > width) {
    const [weakest] = cells.filter(({ keep }) => keep !== undefined).sort((a, b) => (a.keep ?? 0) - (b.keep ?? 0));
    if (!weakest) break;
    cells = cells.filter((cell) => cell !== weakest);
  }
  const widths = natural();
  const over = total(widths) - width;
  if (over > 0) widths[0] = Math.max(12, (widths[0] ?? 0) - over);
  return { cells, widths };
}

function loneLines(title: string, points: readonly LonePoint[], { width, paint }: Drawn): string[] {
  if (points.length === 0) return [];
  const more = points.length - MAX_LONE;
  return [
    '',
    paint.bold(`${title}:`),
    ...points
      .slice(0, MAX_LONE)
      .flatMap(({ name, why, failed }) =>
        wrap(`  ${oneLine(name, 120)}: ${oneLine(why, 200)}`, width, 4).map(failed ? paint.red : (text) => text),
      ),
    ...(more > 0 ? [`  and ${plural(more, 'other')}`] : []),
  ];
}

/** More differences than this are counted. */
const MAX_DIFFERENCES = 30;

function differenceLines({ differences, pairs }: Comparison, { width, paint }: Drawn): string[] {
  if (differences.length === 0) return [];
  const nameWidth = Math.min(40, Math.max(...differences.map(({ name }) => displayWidth(oneLine(name, 60)))));
  const value = (text: string | null) => (text === null ? 'not there' : text === '' ? '""' : oneLine(text, 60));
  const lines = differences.slice(0, MAX_DIFFERENCES).flatMap(({ name, base, candidate, pairs: at }) => {
    const where =
      at.length === pairs.length
        ? ''
        : at.length === 1
          ? ` (${pairs[at[0] ?? 0]?.name ?? ''})`
          : ` (${at.length} of ${plural(pairs.length, 'point')})`;
    const label = padEnd(truncate(oneLine(name, 60), nameWidth, '…'), nameWidth);
    const [first = '', ...rest] = wrap(`${value(base)} → ${value(candidate)}${where}`, width - nameWidth - 4);
    return [`  ${label}  ${first}`, ...rest.map((line) => `  ${' '.repeat(nameWidth)}  ${line}`)];
  });
  const more = differences.length - MAX_DIFFERENCES;
  return ['', paint.bold('What differs:'), ...lines, ...(more > 0 ? [`  and ${plural(more, 'other')}; --json has all`] : [])];
}

function cautionLines(comparison: Comparison, { width, paint }: Drawn): string[] {
  const found = cautions(comparison);
  return found.length === 0 ? [] : ['', ...found.flatMap((text) => wrap(text, width, 2)).map(paint.yellow)];
}
