import type { Effect } from './effect.ts';
import type { ComparedFigure } from './figures.ts';

/** `same`: the change is smaller than the tolerance. `cannot tell`: it may be none, or too small to matter. */
export type Verdict = 'better' | 'worse' | 'same' | 'cannot tell';

/** Of figures that are shares themselves a change matters from one point on. */
const POINTS = 0.01;

/** How probable a false alarm may be, over all figures of a comparison. */
const ALARM = 0.05;

/**
 * `same`: the whole interval lies within the tolerance. `better` or `worse`: there is a change, which is told from none at 5 % over all figures of the
 * comparison (`adjusted`), and by the best estimate it is no smaller than the tolerance.
 */
export function verdictOf(compared: ComparedFigure, effect: Effect | null, o: { adjusted: number; tolerance: number }): Verdict {
  if (!effect) return 'cannot tell';
  const tolerance = toleranceOf(compared, o.tolerance);
  if (effect.low > -tolerance && effect.high < tolerance) return 'same';
  const excludesNone = effect.low > 0 || effect.high < 0;
  if (compared.better === null || !excludesNone || o.adjusted > ALARM || Math.abs(effect.change) < tolerance) return 'cannot tell';
  return effect.change > 0 === (compared.better === 'higher') ? 'better' : 'worse';
}

/** A change of a figure matters from here on: a share of the base, or of shares a difference. */
export function toleranceOf({ scale }: ComparedFigure, tolerance: number): number {
  return scale === 'points' ? POINTS : tolerance;
}
