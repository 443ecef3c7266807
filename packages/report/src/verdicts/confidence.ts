import { listWords } from '../format.ts';
import type { ReportRow } from '../rows.ts';
import type { Question } from './questions.ts';

/** How sure it is that one point is better than the others. */
export interface Confidence {
  /** `clear`: intervals over repeats lie apart. `open`: it cannot be told from another. `once`: measured too seldom to say. `alone`: there is nothing to tell it from. */
  level: 'clear' | 'open' | 'once' | 'alone';
  /** A sentence. */
  words: string;
}

interface Rival {
  row: ReportRow;
  name: string;
}

/** Of figures without intervals, what is closer together than this is not called different. */
const NEAR = 0.05;
const MAX_NAMES = 2;

/** Sets the interval of the best against those of the others, which are the best points of theirs, the nearest first. */
export function confidenceOf(question: Question, best: ReportRow, rivals: readonly Rival[]): Confidence {
  if (rivals.length === 0) return alone(question, best);
  const judged = rivals.map((rival) => ({ rival, apart: apart(question, best, rival.row) }));
  const overlapping = judged.filter(({ apart: how }) => how === 'overlap').map(({ rival }) => rival);
  const near = judged.filter(({ apart: how }) => how === 'near').map(({ rival }) => rival);
  if (overlapping.length > 0) return { level: 'open', words: `Cannot tell it from ${namesOf(overlapping)}: their 95 % intervals overlap.` };
  if (near.length > 0)
    return { level: 'open', words: `Cannot tell it from ${namesOf(near)}: less than 5 % apart, and ${seldom(best, near)}.` };
  if (judged.every(({ apart: how }) => how === 'clear'))
    return {
      level: 'clear',
      words: `Sure: its 95 % interval, of ${best.repeats} repeats, ${rivals.length === 1 ? `does not overlap that of ${namesOf(rivals)}` : 'overlaps none of the others'}.`,
    };
  const words = seldom(best, rivals);
  return { level: 'once', words: `${words.charAt(0).toUpperCase()}${words.slice(1)}: how much runs differ is not known.` };
}

/** `far`: not near, but nothing says how much they vary from run to run. */
function apart(question: Question, best: ReportRow, other: ReportRow): 'clear' | 'overlap' | 'near' | 'far' {
  const [mine, theirs] = [question.bounds(best), question.bounds(other)];
  if (mine && theirs && mine.low <= theirs.high && theirs.low <= mine.high) return 'overlap';
  if (mine && theirs && best.intervals?.from === 'repeats' && other.intervals?.from === 'repeats') return 'clear';
  const [a, b] = [question.of(best) ?? 0, question.of(other) ?? 0];
  return Math.abs(a - b) / Math.max(a, b) < NEAR ? 'near' : 'far';
}

function namesOf(rivals: readonly Rival[]): string {
  const names = rivals.slice(0, MAX_NAMES).map(({ name }) => name);
  const more = rivals.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : listWords(names);
}

function seldom(best: ReportRow, rivals: readonly Rival[]): string {
  const all = [best, ...rivals.map(({ row }) => row)];
  if (all.every(({ repeats }) => repeats <= 1)) return 'each was measured once';
  return all.some(({ repeats }) => repeats <= 1) ? 'not all were repeated' : 'there are no intervals of them';
}

function alone(question: Question, best: ReportRow): Confidence {
  const bounds = question.bounds(best);
  const between = bounds ? `between ${question.format(bounds.low)} and ${question.format(bounds.high)}` : null;
  const repeated = best.intervals?.from === 'repeats';
  if (repeated && between) return { level: 'alone', words: `With 95 % confidence ${between}, by ${best.repeats} repeats.` };
  if (best.repeats > 1) return { level: 'alone', words: `The mean of ${best.repeats} repeats.` };
  const words = between
    ? `Measured once: ${between} by its own requests; how much runs differ is not known.`
    : 'Measured once: how much runs differ is not known.';
  return { level: 'alone', words };
}
