import { prng } from '../prng.ts';
import { percentileOfSorted } from './percentile.ts';
import { studentTQuantile } from './student-t.ts';

/** An estimate and the interval that a stated confidence gives it. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/** Student-t interval of the mean, with the sample's standard deviation (n − 1). Null below two values. */
export function meanInterval(values: readonly number[], confidence = 0.95): Interval | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  const half = studentTQuantile((1 - confidence) / 2, n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { estimate: mean, low: mean - half, high: mean + half };
}

/**
 * Percentile bootstrap interval (Efron 1979) of any statistic, resampling `values` with a fixed seed, so that equal input gives equal
 * output. `statistic` gets values in ascending order. Default: confidence 0.95, 2 000 resamples, seed 1. Null below two values.
 */
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
