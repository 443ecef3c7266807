import type { Distribution } from '../point.ts';
import { distributionOf } from './distribution.ts';
import { summarize } from './summarize.ts';

/**
 * Summary of values of which each counts `weight` times. With whole weights it equals the summary of the values repeated;
 * between, the same interpolation (numpy's type 7) runs over fractional positions. Null when there is none.
 */
export function summarizeWeighted(values: Float64Array, weights: Float64Array): Distribution | null {
  const first = weights[0] ?? 1;
  if (weights.every((w) => w === first) && first === 1) return summarize(values);
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const n = order.length;
  if (n === 0) return null;
  // ends[i]: weight up to and with the i-th smallest value, which holds the positions from ends[i−1] to ends[i] − 1.
  const ends = new Float64Array(n);
  let total = 0;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const at = order[i] as number;
    total += weights[at] as number;
    sum += (weights[at] as number) * (values[at] as number);
    ends[i] = total;
  }
  const mean = sum / total;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (weights[i] as number) * ((values[i] as number) - mean) ** 2;
  const value = (i: number) => values[order[Math.min(i, n - 1)] as number] as number;

  const at = (q: number): number => {
    const rank = (Math.max(0, total - 1) * q) / 100;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) > rank) high = middle;
      else low = middle + 1;
    }
    // Within a value's own positions it is the value; in the last unit before the next, a mixture of both.
    const into = rank - ((ends[low] as number) - 1);
    return into <= 0 ? value(low) : value(low) + (value(low + 1) - value(low)) * Math.min(1, into);
  };
  return distributionOf({ count: Math.round(total), mean, std: Math.sqrt(squares / total), min: value(0), max: value(n - 1), at });
}
