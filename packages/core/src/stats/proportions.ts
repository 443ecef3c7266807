import { studentTQuantile } from './student-t.ts';
import type { Interval } from './intervals.ts';

/** The usual one, which a comparison asks for thousands of times. */
const NORMAL_95 = 1.959963984540054;

const normalQuantile = (confidence: number) => (confidence === 0.95 ? NORMAL_95 : studentTQuantile((1 - confidence) / 2, 1e6));

/** Score interval of a share, `count` of `total` (Wilson 1927). Null of nothing. Default confidence 0.95. */
export function proportionInterval(count: number, total: number, confidence = 0.95): Interval | null {
  if (!(total > 0)) return null;
  const z = normalQuantile(confidence);
  const share = count / total;
  const middle = (share + (z * z) / (2 * total)) / (1 + (z * z) / total);
  const half = (z / (1 + (z * z) / total)) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  // At 0 and at all of them the bound is exact, and rounding may not put it beyond.
  return { estimate: share, low: count === 0 ? 0 : middle - half, high: count === total ? 1 : middle + half };
}

/**
 * Share of `b` less share of `a`, made of their score intervals (Newcombe 1998, method 10): it holds at 0 and 1, where the textbook's has no width.
 * Null where one has no total. Default confidence 0.95.
 */
export function proportionDifference(
  a: { count: number; total: number },
  b: { count: number; total: number },
  confidence = 0.95,
): Interval | null {
  const from = proportionInterval(a.count, a.total, confidence);
  const to = proportionInterval(b.count, b.total, confidence);
  if (!from || !to) return null;
  const estimate = to.estimate - from.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(to.estimate - to.low, from.high - from.estimate),
    high: estimate + Math.hypot(to.high - to.estimate, from.estimate - from.low),
  };
}
