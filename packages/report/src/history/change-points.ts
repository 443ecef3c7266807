import { type Bounds, studentTQuantile } from '@bench/core';
import { changePenalty, mostCuts } from './change-penalty.ts';
import { type Segmentation, segmentations } from './segmentations.ts';

/** A place where a series is taken to have changed its level. */
export interface ChangePoint {
  /** Index of the first value after it. */
  at: number;
  /** Level of the values between the change before and this one, and of those up to the next: geometric means; means where some value is not above 0. */
  before: number;
  after: number;
  /** after ÷ before − 1. Null: there is nothing before that it could be a share of. */
  change: number | null;
  /** Of `change`, with a confidence of 95 %; null with it. That the place was looked for is not in it. */
  interval: Bounds | null;
  /** Only the newest value is on its far side: the next one tells whether it stays. */
  unconfirmed: boolean;
}

/** Fewer values than this tell nothing about their noise and a change at once. */
export const FEWEST_VALUES = 3;
/** Only the newest so many are looked at. */
export const MOST_VALUES = 60;
/** Values that agree to this part are not told apart, be the others ever so equal: a standard deviation, as a share. */
const LEAST_NOISE = 0.001;

/**
 * Where a series of figures, one a run, changed its level for longer than one run. The model: a level that steps, times normal noise of a size that is
 * the same all along and not known, on logarithms; the number of steps is the one with the best normal likelihood, −n·log(RSS), less a penalty for each
 * (Yao, Statistics & Probability Letters 6, 1988; the cost that PELT minimises: Killick, Fearnhead & Eckley, JASA 107, 2012), searched exactly. Penalties
 * are calibrated for the number of values ({@link changePenalty}): 5 % of series without a change get a mark. Pure.
 */
export function changePoints(series: readonly number[]): ChangePoint[] {
  const skipped = Math.max(0, series.length - MOST_VALUES);
  const values = series.slice(skipped);
  const n = values.length;
  if (n < FEWEST_VALUES || !values.every(Number.isFinite)) return [];
  const logs = values.every((v) => v > 0);
  const size = values.reduce((sum, v) => sum + Math.abs(v), 0) / n;
  if (size === 0) return [];
  const scaled = Float64Array.from(values, (v) => (logs ? Math.log(v) : v / size));
  const chosen = chosenOf(segmentations(scaled, mostCuts(n)), n);
  const noise = Math.sqrt((chosen.rss + floorOf(n)) / (n - chosen.cuts.length - 1));
  const edges = [0, ...chosen.cuts, n];
  const mean = (from: number, to: number) => scaled.subarray(from, to).reduce((sum, v) => sum + v, 0) / (to - from);
  const level = (scale: number) => (logs ? Math.exp(scale) : scale * size);
  return chosen.cuts.map((cut, i) => {
    const [from = 0, to = n] = [edges[i], edges[i + 2]];
    const [before, after] = [mean(from, cut), mean(cut, to)];
    const half = studentTQuantile(0.025, n - chosen.cuts.length - 1) * noise * Math.sqrt(1 / (cut - from) + 1 / (to - cut));
    const share = (difference: number) => (logs ? Math.expm1(difference) : difference / before);
    const known = logs || before > 0;
    return {
      at: skipped + cut,
      before: level(before),
      after: level(after),
      change: known ? share(after - before) : null,
      interval: known ? { low: share(after - before - half), high: share(after - before + half) } : null,
      unconfirmed: cut === n - 1,
    };
  });
}

/** Whether there is any cut at all is one question, how many there are the next: the second is asked more strictly, for a false one hides the true. */
function chosenOf(found: readonly Segmentation[], n: number): Segmentation {
  const [none, ...more] = found as [Segmentation, ...Segmentation[]];
  const { first, further } = changePenalty(n);
  const gain = ({ rss }: Segmentation) => n * Math.log((none.rss + floorOf(n)) / (rss + floorOf(n)));
  if (!more.some((each) => gain(each) > first * each.cuts.length)) return none;
  return more.reduce((best, each) => (gain(each) - further * each.cuts.length > gain(best) - further * best.cuts.length ? each : best));
}

const floorOf = (n: number) => n * LEAST_NOISE ** 2;
