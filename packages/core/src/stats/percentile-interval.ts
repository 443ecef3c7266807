import { regularizedBeta } from './regularized-beta.ts';

/** Values around an estimate. */
export interface Bounds {
  low: number;
  high: number;
}

/**
 * Bootstrap interval of a percentile (Efron's percentile interval, resampling the values), worked out instead of drawn: of n resampled values the k-th
 * is at most the j-th of the sample with probability I_{j/n}(k, n − k + 1), so there is no noise of resampling and no cost of it. Between ranks it is
 * interpolated as the percentile itself is (type 7). `q` 0 to 100. Default confidence 0.95.
 * @param sorted in ascending order
 * @returns null where fewer than 10 ÷ (1 − q/100) values, or q/100 at the other end, do not carry the percentile
 */
export function percentileInterval(sorted: ArrayLike<number>, q: number, confidence = 0.95): Bounds | null {
  const n = sorted.length;
  if (!carries(n, q)) return null;
  const rank = ((n - 1) * q) / 100;
  const k = Math.floor(rank);
  const share = rank - k;
  const at = (p: number) => {
    const low = sorted[resampledRank(n, k + 1, p) - 1] as number;
    if (share === 0) return low;
    const high = sorted[resampledRank(n, k + 2, p) - 1] as number;
    return low === high ? low : low + (high - low) * share;
  };
  const tail = (1 - confidence) / 2;
  return { low: at(tail), high: at(1 - tail) };
}

/** Is a percentile of so many values more than a guess at their least or greatest? About ten have to lie beyond it. */
export function carries(n: number, q: number): boolean {
  return n >= 10 / Math.min(q / 100, 1 - q / 100) - 1e-6;
}

/** The least j for which the k-th of n resampled values is at most the j-th of the sample with probability `p`. */
function resampledRank(n: number, k: number, p: number): number {
  let low = 1;
  let high = n;
  while (low < high) {
    const j = Math.floor((low + high) / 2);
    if (regularizedBeta(j / n, (n - j) / n, k, n - k + 1) >= p) high = j;
    else low = j + 1;
  }
  return low;
}
