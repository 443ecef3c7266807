import { percentileOfSorted, prng } from '@bench/core';
import { segmentations } from './segmentations.ts';

/** How many cuts are looked for in so many values: more would follow the noise. */
export function mostCuts(n: number): number {
  return Math.max(1, Math.min(6, Math.floor(n / 4)));
}

const SERIES = 2000;

export interface ChangePenalty {
  /** What a cut must gain for there to be any: 5 % of series without a change have one that does. */
  first: number;
  /** What each further one must: 1 % of series do. */
  further: number;
}

const known = new Map<number, ChangePenalty>();

/**
 * What a cut has to gain, in twice the logarithm of the likelihood, in a series of `n` values. Usual penalties (log n, 2 log n) are for long series; the
 * gain of the best of many cuts in a short one is far larger by chance alone. So it is read off simulated series of normal noise: it does not depend on
 * the level of the noise, which is not known. Takes some 0.1 s for 60 values, once; the same each time (fixed seed).
 */
export function changePenalty(n: number): ChangePenalty {
  const found = known.get(n);
  if (found) return found;
  const random = prng(n);
  const gains = Float64Array.from({ length: SERIES }, () => {
    const values = Float64Array.from(
      { length: n },
      () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    );
    const [none, ...more] = segmentations(values, mostCuts(n));
    return Math.max(...more.map(({ cuts, rss }) => (n * Math.log((none?.rss ?? 0) / rss)) / cuts.length));
  }).sort();
  const penalty = { first: percentileOfSorted(gains, 95), further: percentileOfSorted(gains, 99) };
  known.set(n, penalty);
  return penalty;
}
