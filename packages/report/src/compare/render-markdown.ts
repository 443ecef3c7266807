import { formatNumber, formatShort, plural } from '../format.ts';
import { code, inert } from '../markdown/inert.ts';
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
  toTellText,
  verdictWords,
} from './words.ts';

/** By this a comment is found again, so that the next run replaces it. */
export const COMMENT_MARK = '<!-- bench compare -->';

const MARKS = { worse: '🔴 worse', better: '🟢 better', same: 'same', 'cannot tell': 'cannot tell' } as const;
const GATE_MARKS = { failed: '❌ failed', undecided: '❔ undecided', passed: '✅ passed' } as const;

/** GitHub's limit of a comment is 65 536. */
const MAX_CHARACTERS = 60_000;
/** Rows of a table: as many as leave the comment short enough. */
const ROWS = [100, 30, 10, 3] as const;
/** Rows of the table that is not folded, about a screen; of what surely changed there may be more. */
const FIRST = 30;
/** Of a name, where it is one cell of many. */
const MAX_NAME = 80;
const MAX_TEXT = 200;
/** Three runs, and of each three tags. */
const MAX_SIDE = 600;

/** A comparison as a comment on a pull request: what came out, gates, the main figures and what changed; everything else folded. Ends with a newline. */
export function comparisonMarkdown(comparison: Comparison): string {
  for (const max of ROWS) {
    const written = comment(comparison, max);
    if (written.length <= MAX_CHARACTERS) return written;
  }
  return comment(comparison, 1);
}

function comment(comparison: Comparison, max: number): string {
  const { pairs } = comparison;
  const rows = pairs.flatMap((pair) => pair.metrics.map((metric) => ({ pair, metric })));
  const sure = rows.filter(({ metric }) => rank(metric) < 2).length;
  const first = rows.filter(({ metric }) => metric.main || rank(metric) < 2).sort((a, b) => rank(a.metric) - rank(b.metric));
  const parts = [
    COMMENT_MARK,
    `**${[gateWords(comparison), verdictWords(comparison)].filter(Boolean).join('; ')}**`,
    `${inert(runWords(comparison.candidate), MAX_SIDE)} against ${inert(runWords(comparison.base), MAX_SIDE)}, ${plural(pairs.length, 'point')}.`,
    gateTable(comparison, max),
    first.length === 0 ? '' : figureTable(first, pairs, Math.min(max, Math.max(FIRST, sure))),
    missing(comparison),
    first.length === rows.length && rows.length <= FIRST
      ? ''
      : fold(`All figures (${formatNumber(rows.length, 0)})`, figureTable(rows, pairs, max)),
    differences(comparison, max),
    fold('How to read this', method(comparison)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const rank = ({ verdict }: ComparedMetric): number => (verdict === 'worse' ? 0 : verdict === 'better' ? 1 : 2);

const table = (head: readonly string[], align: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function figureTable(rows: readonly { pair: ComparedPair; metric: ComparedMetric }[], pairs: readonly ComparedPair[], max: number): string {
  const many = pairs.length > 1;
  const cells = rows
    .slice(0, max)
    .map(({ pair, metric }) => [
      ...(many ? [inert(pair.name, MAX_NAME)] : []),
      inert(figureLabel(metric), MAX_TEXT),
      ...figureTexts(metric),
      metric.effect ? changeText(metric.effect.change, metric.scale) : '–',
      intervalText(metric),
      `${MARKS[metric.verdict]}${metric.toTell ? ` (${toTellText(metric)})` : ''}`,
    ]);
  const more = rows.length - cells.length;
  const head = [...(many ? ['point'] : []), 'figure', 'base', 'candidate', 'change', '95 % interval', 'verdict'];
  const align = [...(many ? ['---'] : []), '---', '---:', '---:', '---:', '---:', '---'];
  return `${table(head, align, cells)}${more > 0 ? `\n\nand ${plural(more, 'other')}.` : ''}`;
}

function gateTable({ pairs }: Comparison, max: number): string {
  const many = pairs.length > 1;
  const rows = pairs.flatMap((pair) => pair.gates.map((gate) => ({ pair, gate })));
  if (rows.length === 0) return '';
  const order = ['failed', 'undecided', 'passed'];
  const cells = rows
    .sort((a, b) => order.indexOf(a.gate.outcome) - order.indexOf(b.gate.outcome))
    .slice(0, max)
    .map(({ pair, gate }) => [
      GATE_MARKS[gate.outcome],
      code(gate.gate.text, MAX_NAME),
      ...(many ? [inert(pair.name, MAX_NAME)] : []),
      inert(seenText(gate, pair.metrics), MAX_TEXT),
    ]);
  const more = rows.length - cells.length;
  const shown = table(
    ['', 'gate', ...(many ? ['point'] : []), 'seen (95 % interval)'],
    ['---', '---', ...(many ? ['---'] : []), '---'],
    cells,
  );
  return `${shown}${more > 0 ? `\n\nand ${plural(more, 'other')}.` : ''}`;
}

function missing({ onlyBase, onlyCandidate }: Comparison): string {
  const list = (title: string, points: readonly LonePoint[]) => {
    if (points.length === 0) return [];
    const more = points.length - 10;
    return [
      `${title}:`,
      '',
      ...points.slice(0, 10).map(({ name, why, failed }) => `- ${failed ? '❌ ' : ''}${inert(name, MAX_TEXT)}: ${inert(why, MAX_TEXT)}`),
      ...(more > 0 ? [`- and ${plural(more, 'other')}`] : []),
    ];
  };
  const [base, candidate] = [list('Only in the base', onlyBase), list('Only in the candidate', onlyCandidate)];
  return [...base, ...(base.length > 0 && candidate.length > 0 ? [''] : []), ...candidate].join('\n');
}

function differences({ differences: found, pairs }: Comparison, max: number): string {
  if (found.length === 0) return '';
  const value = (text: string | null) => (text === null ? 'not there' : code(text, MAX_NAME));
  const cells = found.slice(0, max).map(({ name, base, candidate, pairs: at }) => [
    code(name, MAX_NAME),
    value(base),
    value(candidate),
    at.length === pairs.length
      ? 'all'
      : at
          .slice(0, 3)
          .map((i) => inert(pairs[i]?.name ?? '', MAX_NAME))
          .join('; ') + (at.length > 3 ? '; …' : ''),
  ]);
  const more = found.length - cells.length;
  return fold(
    `What differs (${formatNumber(found.length, 0)})`,
    `${table(['', 'base', 'candidate', 'points'], ['---', '---', '---', '---'], cells)}${more > 0 ? `\n\nand ${plural(more, 'other')}.` : ''}`,
  );
}

const fold = (title: string, body: string): string => `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;

function method(comparison: Comparison): string {
  const { tolerance, pairs, tests } = comparison;
  const percent = formatShort(tolerance * 100);
  const ways = [...new Set(pairs.map(pairWords))];
  return [
    `*same*: the whole interval lies within ±${percent} %. *worse*, *better*: there is a change (5 % false alarms over all ${plural(tests, 'figure')}, Benjamini and Hochberg), and by the best estimate it is ${percent} % or more. *cannot tell*: neither, and beside it what would probably tell. A gate fails only when the whole interval lies beyond its limit, and where all are kept, any of them does in at most 2.5 % of comparisons.`,
    `Points: ${ways
      .slice(0, 3)
      .map((text) => inert(text, MAX_TEXT))
      .join('; ')}${ways.length > 3 ? '; …' : ''}.`,
    ...cautions(comparison).map((text) => inert(text, 600)),
  ].join('\n\n');
}
