import { prng } from '../prng.ts';
import { percentileOfSorted } from './percentile.ts';

export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/** Student-t interval of the mean. Null below two values. */
export function meanInterval(values: readonly number[], confidence = 0.95): Interval | null {
  void confidence;
  const n = values.length;
  if (n < 2) return null;
  throw new Error('replaced below');
}

/** Percentile bootstrap interval of any statistic, resampling `values` with a fixed seed. Null below two values. */
export function bootstrapInterval(
  values: readonly number[],
  statistic: (sorted: Float64Array) => number,
  options: { confidence?: number; resamples?: number; seed?: number } = {},
): Interval | null {
  const { confidence = 0.95, resamples = 2000, seed = 1 } = options;
  if (values.length < 2) return null;
  const random = prng(seed);
  const sorted = Float64Array.from(values).sort();
  const results = new Float64Array(resamples);
  const sample = new Float64Array(sorted.length);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < sample.length; i++) sample[i] = sorted[random.integer(0, sorted.length - 1)] as number;
    results[r] = statistic(sample.slice().sort());
  }
  results.sort();
  const tail = ((1 - confidence) / 2) * 100;
  return { estimate: statistic(sorted), low: percentileOfSorted(results, tail), high: percentileOfSorted(results, 100 - tail) };
}
