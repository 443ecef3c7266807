import { nonIncreasingShares, type Level } from './isotonic.ts';

/** What a search goes by. */
export interface SearchRange {
  /** Tried first. Where it fails, lower ones are. */
  from: number;
  /** The highest load that is tried. */
  to: number;
  /** The bracket is narrow enough when its upper edge is at most this much above the lower: 0.1 for a tenth. */
  precision: number;
  /** How often the edges of the bracket are measured. */
  repeats: number;
  /** Measurements at most. */
  maxPoints: number;
  /** Loads are whole numbers, such as requests in flight. */
  whole: boolean;
}

/** One measurement of a search, judged. */
export interface Outcome {
  at: number;
  passes: boolean;
  /** It failed so clearly that it need not be repeated: its queue grew as long as requests were sent, or nothing was served. */
  saturated: boolean;
}

/** The highest load that passes, and the lowest that fails; null: none does. */
export interface Bracket {
  passes: number | null;
  fails: number | null;
  /**
   * How sure it is that both edges are on their side, 0 to 1: for an edge of which k of n measurements agree, the chance that more than half of
   * all measurements would, when every share is held for equally likely before; 1 less the doubts of both edges.
   */
  confidence: number;
}

/** How many halvings below the first load are tried, where loads are not whole numbers. */
const HALVINGS = 6;

/**
 * The load that a search measures next; null: it is over. Follows from the outcomes so far alone, so that a search which was stopped goes on
 * where it was: doubles from `from` until a load fails (halves until one passes), then halves the bracket on a log scale, then measures its edges
 * again, until each was measured `repeats` times and still stands.
 */
export function nextLoad(range: SearchRange, outcomes: readonly Outcome[]): number | null {
  const { from, to, precision, repeats, whole } = range;
  if (outcomes.length >= range.maxPoints) return null;
  if (outcomes.length === 0) return from;
  const levels = levelsOf(outcomes, repeats);
  const { passes, fails } = edges(levels);
  const again = (edge: number) => ((levels.find(({ at }) => at === edge) as Level).trials < repeats ? edge : null);
  if (passes === null) {
    const least = whole ? 1 : from / 2 ** HALVINGS;
    const edge = fails as number;
    return edge <= least ? again(edge) : Math.max(least, whole ? Math.floor(edge / 2) : edge / 2);
  }
  if (fails === null) return passes >= to ? again(passes) : Math.min(to, passes * 2);
  if (fails / passes <= 1 + precision || (whole && fails - passes <= 1)) return again(passes) ?? again(fails);
  return between(passes, fails, whole);
}

/** Where the outcomes so far put the highest load that passes. Loads that pass are taken to lie below those that fail: where noise says otherwise, the majority of neighbours decides. */
export function bracketOf(outcomes: readonly Outcome[], repeats: number): Bracket {
  const levels = levelsOf(outcomes, repeats);
  const { passes, fails } = edges(levels);
  const at = (edge: number | null) => levels.find((level) => level.at === edge);
  const [low, high] = [at(passes), at(fails)];
  const doubt = (low ? 1 - surety(low.passes, low.trials) : 0) + (high ? 1 - surety(high.trials - high.passes, high.trials) : 0);
  return { passes, fails, confidence: outcomes.length === 0 ? 0 : Math.max(0, 1 - doubt) };
}

function levelsOf(outcomes: readonly Outcome[], repeats: number): Level[] {
  const levels = new Map<number, Level>();
  for (const { at, passes, saturated } of outcomes) {
    const level = levels.get(at) ?? { at, passes: 0, trials: 0 };
    // What needs no repeat counts as all of them.
    const trials = saturated ? repeats : 1;
    levels.set(at, { at, passes: level.passes + (passes ? trials : 0), trials: level.trials + trials });
  }
  return [...levels.values()].sort((a, b) => a.at - b.at);
}

function edges(levels: readonly Level[]): { passes: number | null; fails: number | null } {
  const shares = nonIncreasingShares(levels);
  const first = shares.findIndex((share) => share <= 0.5);
  const passing = first === -1 ? levels : levels.slice(0, first);
  return { passes: passing.at(-1)?.at ?? null, fails: levels[first]?.at ?? null };
}

/** The geometric mean; three digits of it where that is still between. */
function between(low: number, high: number, whole: boolean): number {
  const middle = Math.sqrt(low * high);
  if (whole) return Math.min(high - 1, Math.max(low + 1, Math.round(middle)));
  const short = Number(middle.toPrecision(3));
  return short > low && short < high ? short : middle;
}

/** P(p > ½) after k of n with a uniform prior: the Beta(k + 1, n − k + 1) tail, which is P(Binomial(n + 1, ½) ≤ k). */
function surety(k: number, n: number): number {
  let term = 0.5 ** (n + 1);
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    sum += term;
    term *= (n + 1 - i) / (i + 1);
  }
  return sum;
}
