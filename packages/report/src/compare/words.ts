import { groupBy } from '@bench/core';
import { FLAG_WORDS } from '../flags.ts';
import { decimalsOf, formatNumber, formatShort, listWords, plural } from '../format.ts';
import { oneLine } from '../text.ts';
import type { ComparedMetric, ComparedPair, ComparedSide, Comparison, WholeSide } from './compare-reports.ts';
import type { JudgedGate } from './judge-gates.ts';

/** `2 figures worse, 1 better, 5 same, 4 cannot tell`. */
export function verdictWords({ verdicts }: Comparison): string {
  return counted(verdicts, ['worse', 'better', 'same', 'cannot tell'], 'figure') || 'no figure is on both sides';
}

/** `1 gate failed, 2 undecided, 3 passed`; null: there are none. */
export function gateWords({ gates }: Comparison): string | null {
  return gates && counted(gates, ['failed', 'undecided', 'passed'], 'gate');
}

function counted<K extends string>(counts: Readonly<Record<K, number>>, kinds: readonly K[], what: string): string {
  return kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind, i) => `${i === 0 ? plural(counts[kind], what) : formatNumber(counts[kind], 0)} ${kind}`)
    .join(', ');
}

/** Of a run's tags as many are named. */
const MAX_TAGS = 3;

/** `r0a1b2c3d4 [nightly, commit=0123456]`, `5 runs (r…, r…, r…, …)`; of other tools' files the names. */
export function runWords({ runs, tags }: WholeSide): string {
  const shown = runs.slice(0, 3).map((run, i) => {
    const own = tags[i] ?? [];
    const named = [...own.slice(0, MAX_TAGS).map((tag) => oneLine(tag, 40)), ...(own.length > MAX_TAGS ? ['…'] : [])];
    return `${oneLine(run.split(/[\\/]/).findLast(Boolean) ?? run, 60)}${named.length > 0 ? ` [${named.join(', ')}]` : ''}`;
  });
  if (runs.length === 1) return shown[0] ?? '';
  const what = runs.some((run) => /[\\/]/.test(run)) ? 'file' : 'run';
  return `${plural(runs.length, what)} (${shown.join(', ')}${runs.length > shown.length ? ', …' : ''})`;
}

/** `+9.8 %`, `-0.3 pp`: percentage points. */
export function changeText(change: number, scale: ComparedMetric['scale'], unit = true): string {
  const percent = change * 100;
  const digits = Math.abs(percent) >= 99.95 ? 0 : scale === 'points' && Math.abs(percent) < 0.995 ? 2 : 1;
  const text = formatNumber(percent, digits);
  const sign = percent > 0 && Number(text.replaceAll(',', '')) !== 0 ? '+' : '';
  return `${sign}${text}${unit ? (scale === 'points' ? ' pp' : ' %') : ''}`;
}

/** `+7.1 to +12.6 %`. Empty: there is none. */
export function intervalText(
  { effect, scale }: { effect: { low: number; high: number } | null; scale: ComparedMetric['scale'] },
  unit = true,
): string {
  return effect ? `${changeText(effect.low, scale, false)} to ${changeText(effect.high, scale, unit)}` : '';
}

/** Base and candidate with as many decimals as tell them apart. */
export function figureTexts({ base, candidate, scale }: ComparedMetric): [string, string] {
  const known = [base, candidate].filter((value): value is number => value !== null);
  const factor = scale === 'points' ? 100 : 1;
  const decimals = Math.max(0, ...known.map((value) => decimalsOf(value * factor)));
  const text = (value: number | null) =>
    value === null ? formatNumber(null) : `${formatNumber(value * factor, Math.min(decimals, 4))}${scale === 'points' ? ' %' : ''}`;
  return [text(base), text(candidate)];
}

/** `TTFT p99, ms`. */
export function figureLabel({ label, unit, scale }: ComparedMetric): string {
  const name = oneLine(label, 60);
  return unit === '' || scale === 'points' ? name : `${name}, ${oneLine(unit, 20)}`;
}

/** Of more repeats than this only how many digits they have is of use. */
const MANY_REPEATS = 999;

/** Of many the power of ten that they are at most. */
const sizeText = (aSide: number): string => formatNumber(aSide > MANY_REPEATS ? 10 ** String(aSide - 1).length : aSide, 0);

/** What would tell: `at most about 9 repeats a side would tell`; or why more repeats would not. Empty: it is told. */
export function toTellText({ toTell, base }: Pick<ComparedMetric, 'toTell' | 'base'>): string {
  if (!toTell) return '';
  const { aSide, of, why } = toTell;
  if (aSide !== null) return `at most about ${sizeText(aSide)} ${of} a side would tell`;
  switch (why) {
    case 'too many':
      return `not even a million ${of} a side would tell`;
    case 'near tolerance':
      return 'the change is about as large as the tolerance';
    case 'many figures':
      return 'sure alone, but not among so many figures';
    case 'no direction':
      return 'nobody says which way is better';
    case 'base is zero':
      return 'the base is zero';
    case 'one side':
      return `the ${base === null ? 'base' : 'candidate'} does not have it`;
    default:
      return 'measured once';
  }
}

/** What would tell of the figures of a point, in sentences. Empty: all are told. */
export function toTellSentences(metrics: readonly ComparedMetric[]): string[] {
  const names = (own: readonly ComparedMetric[]) => own.map(({ label }) => oneLine(label, 60)).join(', ');
  const grouped = (own: readonly ComparedMetric[], text: (metric: ComparedMetric) => string) =>
    [...groupBy(own, text)].map(([key, same]) => `${key} (${names(same)})`).join(', ');
  const sizes = (['repeats', 'runs'] as const).flatMap((of) => {
    const own = metrics
      .filter(({ toTell }) => toTell !== null && toTell.aSide !== null && toTell.of === of)
      .sort((a, b) => (a.toTell?.aSide ?? 0) - (b.toTell?.aSide ?? 0));
    const size = ({ toTell }: ComparedMetric) => sizeText(toTell?.aSide ?? 0);
    return own.length > 0 ? [`${of === 'runs' ? 'Runs' : 'Repeats'} a side that would tell: at most about ${grouped(own, size)}.`] : [];
  });
  const others = metrics.filter(({ toTell }) => toTell !== null && toTell.aSide === null);
  return [...sizes, ...(others.length > 0 ? [`Cannot be told: ${grouped(others, toTellText)}.`] : [])];
}

/** What a gate saw: `+9.8 % (+7.1 to +12.6 %)`, `512 (498 to 530)`. */
export function seenText(judged: JudgedGate, metrics: readonly ComparedMetric[]): string {
  const { seen, why } = judged;
  const text = seenAlone(judged, metrics);
  return seen && why ? `${text}; ${why}` : text;
}

function seenAlone({ gate, seen, why }: JudgedGate, metrics: readonly ComparedMetric[]): string {
  const metric = metrics.find(({ name }) => name === gate.figure);
  if (!seen || !metric) return why ?? 'it cannot be told';
  const scale = metric.scale;
  if (gate.of === 'change') return `${changeText(seen.estimate, scale)} (${intervalText({ effect: seen, scale })})`;
  const factor = scale === 'points' ? 100 : 1;
  const decimals = Math.min(scale === 'points' ? 2 : 4, decimalsOf(seen.high * factor));
  const text = (value: number) => formatNumber(value * factor, value === 0 ? 0 : decimals);
  return `${text(seen.estimate)} (${text(seen.low)} to ${text(seen.high)}${scale === 'points' ? ' %' : metric.unit === '' ? '' : ` ${oneLine(metric.unit, 20)}`})`;
}

/** `5 repeats against 5, matched by task key`. */
export function pairWords({ base, candidate, matchedBy }: ComparedPair): string {
  const side = ({ runs, repeats }: ComparedSide) =>
    runs.length > 1 ? `${plural(repeats, 'repeat')} of ${plural(runs.length, 'run')}` : formatNumber(repeats, 0);
  const from = base.runs.length > 1 ? side(base) : plural(base.repeats, 'repeat');
  return `${from} against ${side(candidate)}; matched by ${oneLine(matchedBy, 200)}`;
}

/** What must be known before believing the figures, in sentences. */
export function cautions(comparison: Comparison): string[] {
  const { pairs } = comparison;
  const out: string[] = [];
  const flags = new Map<string, Set<string>>();
  for (const { base, candidate } of pairs) {
    for (const [side, each] of [
      ['base', base],
      ['candidate', candidate],
    ] as const)
      for (const { code } of each.flags) if (FLAG_WORDS[code].weight === 'doubt') flags.set(code, (flags.get(code) ?? new Set()).add(side));
  }
  for (const [code, sides] of flags) {
    const { title, meaning } = FLAG_WORDS[code as keyof typeof FLAG_WORDS];
    out.push(`${title} (${listWords([...sides].sort())}). ${meaning}`);
  }
  const from = new Set(pairs.flatMap(({ metrics }) => metrics.map(({ effect }) => effect?.from)));
  if (from.has('assumed'))
    out.push(
      `Some points were measured only once on a side. How such a measurement varies is not in it: ${formatShort(comparison.betweenRuns * 100)} % (one standard deviation) was assumed. Repeats would tell.`,
    );
  if (from.has('repeats') && pairs.some(({ base, candidate }) => base.runs.length < 2 && candidate.runs.length < 2))
    out.push(
      'There is one run a side. Its repeats show how figures vary within a run; how runs differ from each other takes three a side.',
    );
  const partly = pairs.filter(({ base, candidate }) => base.partial || candidate.partial);
  if (partly.length > 0) {
    const named = partly.slice(0, 5).map(({ name, base, candidate }) => {
      const sides = [...(base.partial ? ['base'] : []), ...(candidate.partial ? ['candidate'] : [])];
      return `${oneLine(name, 120)} (${listWords(sides)})`;
    });
    out.push(`Some repeats failed, and are not in the figures: ${named.join('; ')}${partly.length > named.length ? '; …' : ''}.`);
  }
  const lacking = new Set(pairs.flatMap(({ metrics }) => metrics.flatMap((metric) => lackingWords(metric) ?? [])));
  if (lacking.size > 0)
    out.push(
      `Some repeats do not have every figure, and it is of the others: ${listWords([...lacking].slice(0, 5))}${lacking.size > 5 ? ', …' : ''}.`,
    );
  return out;
}

/** `TTFT p99 (candidate)`; null: every repeat has it, or none of a side, which the figure shows. */
function lackingWords({ label, base, candidate, without }: ComparedMetric): string | null {
  const sides = [
    ...(without.base > 0 && base !== null ? ['base'] : []),
    ...(without.candidate > 0 && candidate !== null ? ['candidate'] : []),
  ];
  return sides.length === 0 ? null : `${oneLine(label, 60)} (${listWords(sides)})`;
}
