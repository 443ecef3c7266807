import { studentTQuantile, studentTTail } from './student-t.ts';
import type { Interval } from './intervals.ts';

/** The variance of one side's mean, and how many degrees of freedom its estimate has; `Infinity`: it is taken as known. */
export interface VariancePart {
  variance: number;
  degrees: number;
}

/** A difference of two means with its interval and its test. */
export interface Difference extends Interval {
  /** Standard error. */
  error: number;
  /** Degrees of freedom (Welch and Satterthwaite), usually a fraction. */
  degrees: number;
  /** Two-sided: how probable a difference as large as this is when there is none. */
  p: number;
}

/** From here on Student's t is the normal distribution to six digits. */
const MANY = 1e6;

/**
 * Interval and two-sided test of a difference whose variance is a sum of parts, each estimated on its own: Student's t with the degrees of freedom of
 * Satterthwaite (1946), (Σv)² ÷ Σ(v² ÷ ν). Of two means of samples whose spreads may differ this is Welch’s (1947).
 * Without any variance the interval is the point. Default confidence 0.95.
 */
export function differenceInterval(estimate: number, parts: readonly VariancePart[], confidence = 0.95): Difference {
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  if (variance === 0) return { estimate, low: estimate, high: estimate, error: 0, degrees: MANY, p: estimate === 0 ? 1 : 0 };
  const spread = parts.reduce((sum, part) => sum + part.variance ** 2 / part.degrees, 0);
  const degrees = Math.min(MANY, variance ** 2 / spread);
  const error = Math.sqrt(variance);
  const half = studentTQuantile((1 - confidence) / 2, degrees) * error;
  return {
    estimate,
    low: estimate - half,
    high: estimate + half,
    error,
    degrees,
    p: Math.min(1, 2 * studentTTail(Math.abs(estimate) / error, degrees)),
  };
}

/** Mean of a sample with the variance of that mean. @throws RangeError below two values */
export function meanPart(values: readonly number[]): VariancePart & { mean: number } {
  const n = values.length;
  if (n < 2) throw new RangeError('the variance of a mean takes two values');
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1) / n, degrees: n - 1 };
}
