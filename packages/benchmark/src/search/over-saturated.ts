import { type SeriesRow, studentTQuantile } from '@bench/core';

/** Seconds that a slope needs. */
const MIN_SECONDS = 6;
/** One-sided: how sure it must be that both grow. */
const DOUBT = 0.025;
/** What they must at least grow by over the window, as factors. */
const GROWTH = { inFlight: 1.25, ttft: 1.5 };

/**
 * Did requests pile up for as long as they were sent? In an open loop that is beyond what the server can, and its latencies say how long was sent
 * rather than how fast it is. Judged on the last two thirds of the sending: requests in flight and the median TTFT both grow there, by the slope of
 * least squares (t-test, 97.5 %), and by a quarter and a half at least. `fromS`: seconds at the beginning in which it only fills.
 */
export function overSaturated(series: readonly SeriesRow[], fromS: number): boolean {
  const lastSent = series.findLastIndex((row) => row.sent > 0);
  // The last second is cut short.
  const sending = series.slice(0, Math.max(0, lastSent));
  const rows = sending.filter((row, i) => i >= sending.length / 3 && row.t >= fromS);
  const grows = (pick: (row: SeriesRow) => number | null, factor: number) => {
    const points = rows.flatMap((row) => {
      const y = pick(row);
      return y === null ? [] : [{ x: row.t, y }];
    });
    return points.length >= MIN_SECONDS && isGrowth(points, factor);
  };
  return grows((row) => row.inFlight, GROWTH.inFlight) && grows((row) => row.ttftP50Ms, GROWTH.ttft);
}

function isGrowth(points: readonly { x: number; y: number }[], factor: number): boolean {
  const n = points.length;
  const mean = (of: (point: { x: number; y: number }) => number) => points.reduce((sum, point) => sum + of(point), 0) / n;
  const [x, y] = [mean((p) => p.x), mean((p) => p.y)];
  const xx = mean((p) => (p.x - x) ** 2);
  const slope = mean((p) => (p.x - x) * (p.y - y)) / xx;
  const at = (when: number) => y + slope * (when - x);
  const [first, last] = [at((points[0] as { x: number }).x), at((points[n - 1] as { x: number }).x)];
  if (!(slope > 0) || last < factor * Math.max(first, 0)) return false;
  const residual = mean((p) => (p.y - at(p.x)) ** 2);
  const error = Math.sqrt((residual * n) / (n - 2) / (xx * n));
  return slope > studentTQuantile(DOUBT, n - 2) * error;
}
