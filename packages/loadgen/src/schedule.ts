import { BenchError, prng, seedOf, type Arrival, type Prng } from '@bench/core';
import { stageTimes } from './stage-times.ts';

export interface ArrivalTimesOptions {
  /** An open loop's arrival process; a trace has its times in a file. */
  arrival: Exclude<Arrival, { kind: 'closed' | 'trace' }>;
  seed: number;
  /** This many arrivals … */
  count?: number | undefined;
  /** … or all before this time, milliseconds. With both, whichever ends first. */
  durationMs?: number | undefined;
}

/**
 * The absolute times of an open loop's arrivals, milliseconds from its start, ascending. They follow from the seed alone,
 * so the union over workers is one process for any number of workers. With a `count`, random intervals are stretched so
 * that the last arrival falls on count ÷ rate (as vLLM does): the asked rate is then the rate, not its expectation. Stages and bursts are not
 * stretched: a count only cuts them.
 * @throws BenchError `BENCH_LOAD` with neither count nor duration, but for stages, which end by themselves.
 */
export function arrivalTimes(options: ArrivalTimesOptions): Float64Array {
  const { arrival, seed, count, durationMs } = options;
  if (arrival.kind === 'stages') return cut(stageTimes(arrival, seed), count, durationMs);
  if (count === undefined && durationMs === undefined) {
    throw new BenchError({ code: 'BENCH_LOAD', message: 'an open loop needs a number of requests or a duration' });
  }
  if (arrival.kind === 'bursts') {
    const within = durationMs === undefined ? Number.POSITIVE_INFINITY : Math.ceil(durationMs / arrival.everyMs) * arrival.size;
    const times = Float64Array.from(
      { length: Math.min(count ?? within, within) },
      (_, i) => Math.floor(i / arrival.size) * arrival.everyMs,
    );
    return cut(times, count, durationMs);
  }
  const meanMs = 1000 / arrival.ratePerS;
  const next = intervals(arrival, prng(seedOf(seed, 'arrivals')), meanMs);
  const times: number[] = [];
  let at = arrival.kind === 'constant' ? 0 : next();
  // With a count the times are stretched afterwards; the duration then cuts what lies beyond it.
  while (count === undefined ? at < (durationMs as number) : times.length < count) {
    times.push(at);
    at += next();
  }
  const last = times.at(-1);
  const stretch = count !== undefined && arrival.kind !== 'constant' && last ? (times.length * meanMs) / last : 1;
  const scaled = Float64Array.from(times, (t) => t * stretch);
  return count === undefined ? scaled : cut(scaled, count, durationMs);
}

function cut(times: Float64Array, count: number | undefined, durationMs: number | undefined): Float64Array {
  const first = count === undefined ? times : times.slice(0, count);
  return durationMs === undefined ? first : first.filter((t) => t < durationMs);
}

type Renewal = Extract<Arrival, { kind: 'constant' | 'poisson' | 'gamma' }>;

function intervals(arrival: Renewal, random: Prng, meanMs: number): () => number {
  if (arrival.kind === 'constant') return () => meanMs;
  if (arrival.kind === 'poisson') return () => -Math.log(1 - random.next()) * meanMs;
  const shape = arrival.burstiness;
  return () => (gamma(random, shape) * meanMs) / shape;
}

/** A gamma variate of the given shape and scale 1: Marsaglia and Tsang (2000), with their boost below shape 1. */
function gamma(random: Prng, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = 1 - random.next();
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Box and Muller (1958). */
function normal(random: Prng): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
