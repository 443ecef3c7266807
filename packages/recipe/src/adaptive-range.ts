import type { Benchmark } from './schema/benchmark.ts';
import type { Search } from './schema/search.ts';

/** Where no `max_concurrency` bounds a curve. */
const MAX_CURVE = 1024;
/** Requests of such a load at least, for every one in flight: fewer would be all ramp and drain. */
const ROUNDS = 4;
/** Seconds for which a searched rate is kept up at least. */
const RATE_S = 20;

/** What loads that follow from one another go by. */
export type AdaptiveRange = {
  /** What the loads differ in. */
  axis: 'concurrency' | 'rate';
  /** The load that is measured first, and the highest that may be. */
  from: number;
  to: number;
  /** How often a load is measured: each one of a curve, the edges of a search's bracket. */
  repeats: number;
  /** Measurements at most, repeats counted. */
  mostPoints: number;
} & ({ kind: 'search'; search: Search } | { kind: 'curve' });

/** Null: the loads are known beforehand. */
export function adaptiveRange(b: Benchmark): AdaptiveRange | null {
  if (b.search) {
    const { max: axis, from, to, repeats } = b.search;
    return { kind: 'search', axis, from, to, repeats, mostPoints: b.search.max_points, search: b.search };
  }
  if (b.sweep !== 'auto') return null;
  const to = b.max_concurrency ?? MAX_CURVE;
  // Powers of two up to the last one or `to`, and a load on either side of the knee.
  const mostPoints = (Math.ceil(Math.log2(to)) + 1 + 2) * b.repeats;
  return { kind: 'curve', axis: 'concurrency', from: 1, to, repeats: b.repeats, mostPoints };
}

/** The section at a place on the axis. The more is asked at once, the more requests a point needs. */
export function benchmarkAt(b: Benchmark, axis: AdaptiveRange['axis'], at: number): Benchmark {
  const set = axis === 'rate' ? { request_rate: at } : { max_concurrency: at };
  if (b.duration !== undefined || b.num_prompts === undefined) return { ...b, ...set };
  const least = axis === 'rate' ? Math.ceil(RATE_S * at) : ROUNDS * at;
  return { ...b, ...set, num_prompts: Math.max(b.num_prompts, least) };
}
