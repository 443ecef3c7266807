/** Percentile `q` (0 to 100) by linear interpolation between closest ranks: numpy's default, type 7 of Hyndman and Fan (1996). NaN for no values. */
export function percentile(values: ArrayLike<number>, q: number): number {
  return percentileOfSorted(Float64Array.from(values).sort(), q);
}

/** The same over values that are already in ascending order. */
export function percentileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const rank = ((n - 1) * q) / 100;
  const low = Math.floor(rank);
  const a = sorted[low] as number;
  const b = sorted[Math.min(low + 1, n - 1)] as number;
  // Equal neighbours may be infinite, and their difference is not a number.
  return a === b || rank === low ? a : a + (b - a) * (rank - low);
}
