import type { Distribution } from '../point.ts';

/** A distribution from its moments, its bounds and its quantile function (`q` from 0 to 100). */
export function distributionOf(
  sample: Pick<Distribution, 'count' | 'mean' | 'std' | 'min' | 'max'> & { at: (q: number) => number },
): Distribution {
  const { at, ...moments } = sample;
  return {
    ...moments,
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
  };
}
