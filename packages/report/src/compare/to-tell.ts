import { proportionDifference, studentTQuantile } from '@bench/core';
import { type Effect, having, sharesOf } from './effect.ts';
import type { ComparedFigure } from './figures.ts';
import type { Sample } from './samples.ts';
import { toleranceOf, type Verdict } from './verdict.ts';

/** What it would take to tell whether a figure changed, where that cannot be told. */
export interface ToTell {
  /**
   * As many of `of` a side would probably tell, were they to vary as those there are; a million at most. Null: more of them would not, or how they vary is
   * not known.
   */
  aSide: number | null;
  of: 'repeats' | 'runs';
  /**
   * Why it cannot be told. `spread`: they vary too much for so few. `assumed`: the same, and as a side was measured once, how they vary is partly taken for
   * granted. `too many`: the same, and a million a side would not tell. `once`: a side was measured once, and nothing is assumed of such a figure. `near
   * tolerance`: the change is about as large as what matters. `many figures`: it is sure alone, but not among so many. `no direction`: nobody says whether more
   * of it is better. `base is zero`: a change would be a share of nothing. `one side`: the other does not have it.
   */
  why: 'spread' | 'assumed' | 'too many' | 'once' | 'near tolerance' | 'many figures' | 'no direction' | 'base is zero' | 'one side';
}

/** Half of what is beyond an interval of 95 %, and half of 20 %: how often equal sides may miss being called the same, above or below. */
const BEYOND = 0.025;
const MISSED = 0.1;

/** The same two of the normal distribution. */
const NORMAL_BEYOND = 1.959963984540054;
const NORMAL_MISSED = 1.2815515655446004;
/** Nobody repeats anything as often. */
const MOST = 1_000_000;

/** Null: it is told. */
export function toTellOf(
  compared: ComparedFigure,
  effect: Effect | null,
  o: { base: readonly Sample[]; candidate: readonly Sample[]; verdict: Verdict; tolerance: number },
): ToTell | null {
  if (o.verdict !== 'cannot tell') return null;
  const sides = [having(compared, o.base), having(compared, o.candidate)] as const;
  const of = effect?.from === 'runs' ? 'runs' : 'repeats';
  if (sides.some((side) => side.length === 0)) return { aSide: null, of, why: 'one side' };
  if (compared.better === null) return { aSide: null, of, why: 'no direction' };
  if (!effect) return { aSide: null, of, why: compared.scale === 'points' ? 'once' : 'base is zero' };
  const there = Math.min(...sides.map((side) => (of === 'runs' ? new Set(side.map(({ run }) => run)).size : side.length)));
  const tolerance = toleranceOf(compared, o.tolerance);
  const asTheyVary = repeatsToTell(effect.spread, compared.scale === 'points' ? tolerance : Math.log1p(tolerance));
  const asShares = of === 'repeats' ? repeatsOfShares(compared, { base: o.base, candidate: o.candidate }, tolerance) : 0;
  if (asTheyVary === null || asShares === null) return { aSide: null, of, why: 'too many' };
  const needed = Math.max(asTheyVary, asShares);
  if (needed <= there) return { aSide: null, of, why: Math.abs(effect.change) < tolerance ? 'near tolerance' : 'many figures' };
  return { aSide: needed, of, why: effect.from === 'assumed' ? 'assumed' : 'spread' };
}

/**
 * How many a side so that of two that are equal the whole 95 % interval of the difference lies within ±`tolerance` four times of five: the least n of two or
 * more with (t(0.025; ν) + t(0.1; ν))² · s² ÷ n ≤ tolerance², ν = 2(n − 1), where s is the standard deviation of a difference of one of each side. The sample
 * size of an equivalence trial (Julious 2004, Statistics in Medicine 23, 1921–1986, for a true difference of zero), with what is to be found taken from the
 * tolerance and never from the change that was seen, which would only restate its p-value (Hoenig and Heisey 2001). Null: more than a million.
 */
export function repeatsToTell(spread: number, tolerance: number): number | null {
  // Student's t is never below the normal distribution, and of more than a few hardly above.
  let n = Math.max(2, Math.ceil((((NORMAL_BEYOND + NORMAL_MISSED) * spread) / tolerance) ** 2));
  const quantiles = (degrees: number) => studentTQuantile(BEYOND, degrees) + studentTQuantile(MISSED, degrees);
  while (n <= MOST && quantiles(2 * (n - 1)) * spread > tolerance * Math.sqrt(n)) n++;
  return n <= MOST ? n : null;
}

/**
 * The same of shares of requests, by Newcombe's interval of two sides that both have the share of all requests together; 0: it is not one of requests; null:
 * more than a million.
 */
function repeatsOfShares(
  compared: ComparedFigure,
  sides: { base: readonly Sample[]; candidate: readonly Sample[] },
  tolerance: number,
): number | null {
  const all = [...sides.base, ...sides.candidate];
  const shares = sharesOf(compared, all);
  if (!shares || shares.total === 0) return 0;
  const each = shares.total / having(compared, all).length;
  const margin = 1 + NORMAL_MISSED / NORMAL_BEYOND;
  return leastWith((n) => {
    const part = { count: (shares.count / shares.total) * n * each, total: n * each };
    const found = proportionDifference(part, part);
    return found !== null && Math.max(-found.low, found.high) * margin <= tolerance;
  });
}

/** The least number from two on that is enough, where all above it are too; null: it is above a million. */
function leastWith(enough: (n: number) => boolean): number | null {
  let low = 1;
  let high = 2;
  while (!enough(high)) {
    if (high === MOST) return null;
    low = high;
    high = Math.min(high * 2, MOST);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
