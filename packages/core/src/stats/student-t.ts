import { regularizedBeta } from './regularized-beta.ts';

/**
 * The value that a Student-t variable with `degrees` of freedom exceeds with probability `tail` (0 < tail ≤ 0.5); the half-width factor
 * of a two-sided interval is `studentTQuantile((1 - confidence) / 2, n - 1)`. Relative error below 1e-10.
 * NaN outside its domain.
 */
export function studentTQuantile(tail: number, degrees: number): number {
  if (!(tail > 0 && tail <= 0.5) || !(degrees > 0)) return Number.NaN;
  if (tail === 0.5) return 0;
  let high = 1;
  while (studentTTail(high, degrees) > tail && high < 1e300) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  // The logarithm of the tail is nearly straight, so a chord lands close; the end that stays too long counts half (Illinois).
  const off = (t: number) => Math.log(studentTTail(t, degrees) / tail);
  let [atLow, atHigh] = [off(low), off(high)];
  for (let i = 0; i < 100 && high - low > 1e-13 * high && atHigh !== 0; i++) {
    const t = (low * atHigh - high * atLow) / (atHigh - atLow);
    const at = off(t);
    if (Math.abs(at) < 1e-14) return t;
    if (at > 0) [low, atLow, atHigh] = [t, at, atHigh / 2];
    else [high, atHigh, atLow] = [t, at, atLow / 2];
  }
  return (low + high) / 2;
}

/** P(T > t) for t ≥ 0 with `degrees` of freedom, which may be a fraction: half the regularised incomplete beta I_x(ν/2, 1/2) at x = ν/(ν + t²) (Abramowitz and Stegun 26.7.1). */
export function studentTTail(t: number, degrees: number): number {
  const square = t * t;
  return 0.5 * regularizedBeta(degrees / (degrees + square), square / (degrees + square), degrees / 2, 0.5);
}
