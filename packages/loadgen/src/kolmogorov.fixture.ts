/** Kolmogorov's distance between the values, in [0, 1], and the uniform distribution, times √n. Above 1.95 with probability 0.001. */
export function kolmogorov(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  return Math.sqrt(n) * sorted.reduce((most, v, i) => Math.max(most, (i + 1) / n - v, v - i / n), 0);
}
