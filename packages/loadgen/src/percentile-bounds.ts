import { PERCENTILES, percentileInterval, type Percentile, type PercentileBounds } from '@bench/core';

const SHARE: Readonly<Record<Percentile, number>> = { p50: 50, p75: 75, p90: 90, p95: 95, p99: 99, p999: 99.9 };

/** How sure the percentiles of figures are, of which every request has one: of those that the requests carry. @param samples by the figure's name */
export function percentileBounds(samples: ReadonlyMap<string, readonly number[]>): PercentileBounds {
  const out: PercentileBounds = {};
  for (const [name, values] of samples) {
    const sorted = Float64Array.from(values).sort();
    const bounds = PERCENTILES.flatMap((key) => {
      const interval = percentileInterval(sorted, SHARE[key]);
      return interval ? [[key, interval] as const] : [];
    });
    if (bounds.length > 0) out[name] = Object.fromEntries(bounds);
  }
  return out;
}
