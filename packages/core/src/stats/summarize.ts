import type { Distribution } from '../point.ts';
import { distributionOf } from './distribution.ts';
import { percentileOfSorted } from './percentile.ts';

/** The summary of a sample; null when it is empty. Std is the population's, as vLLM and numpy have it. */
export function summarize(values: ArrayLike<number>): Distribution | null {
  const n = values.length;
  if (n === 0) return null;
  const sorted = Float64Array.from(values).sort();
  let sum = 0;
  for (const v of sorted) sum += v;
  const mean = sum / n;
  let squares = 0;
  for (const v of sorted) squares += (v - mean) ** 2;
  return distributionOf({
    count: n,
    mean,
    std: Math.sqrt(squares / n),
    min: sorted[0] as number,
    max: sorted[n - 1] as number,
    at: (q) => percentileOfSorted(sorted, q),
  });
}
