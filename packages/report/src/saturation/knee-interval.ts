import { prng } from '@bench/core';
import { type Knee, kneeOf } from './knee.ts';

/** A load’s throughput, and how sure it is. */
export interface Measured {
  load: number;
  /** Of all its repeats. */
  mean: number;
  repeats: number;
  /** Variance of a single measurement at this load, by so many degrees of freedom. Null: it was measured once, or how much its repeats differ is not known. */
  spread: { variance: number; degrees: number } | null;
}

/** Between which tried loads the knee lies. */
export interface KneeInterval {
  /** Exclusive; null: it may lie below the lowest. */
  above: number | null;
  /** Inclusive; null: it may lie above the highest. */
  upTo: number | null;
  /**
   * Share of the resampled curves that have their knee at the same load, 0 to 1. Null: nothing was repeated, so how much measurements differ is not known,
   * and the interval is that between neighbouring loads alone.
   */
  agreement: number | null;
}

const DRAWS = 2000;
const TAIL = 0.025;

/**
 * Parametric bootstrap: each load’s mean is drawn anew, by the spread of the repeats, which is pooled over all loads relative to their means (a few repeats of one load say too
 * little of it) and itself drawn from its distribution (χ² of the pooled degrees of freedom). The interval holds 95 % of the knees that come out.
 */
export function kneeInterval(measured: readonly Measured[], found: Knee): KneeInterval {
  const loads = measured.map(({ load }) => load);
  const spread = pooled(measured);
  if (spread === null)
    return between(loads, found.kind === 'rising' ? null : found.index, found.kind === 'rising' ? null : found.index, null);
  const random = prng(0x6b6e6565);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const places: number[] = [];
  let same = 0;
  for (let i = 0; i < DRAWS; i++) {
    let square = 0;
    for (let k = 0; k < spread.degrees; k++) square += normal() ** 2;
    const relative = Math.sqrt((spread.variance * spread.degrees) / square);
    const drawn = measured.map(({ mean, repeats }) => mean * Math.max(1e-9, 1 + (relative / Math.sqrt(repeats)) * normal()));
    const knee = kneeOf(loads, drawn);
    if (knee.kind === found.kind && knee.index === found.index) same++;
    // Past all loads that were tried.
    places.push(knee.kind === 'rising' ? loads.length : knee.index);
  }
  places.sort((a, b) => a - b);
  const low = places[Math.floor(TAIL * (DRAWS - 1))] as number;
  const high = places[Math.ceil((1 - TAIL) * (DRAWS - 1))] as number;
  return between(loads, low === loads.length ? null : low, high === loads.length ? null : high, same / DRAWS);
}

/** `null`: past the last load. */
function between(loads: readonly number[], low: number | null, high: number | null, agreement: number | null): KneeInterval {
  const above = low === null ? loads[loads.length - 1] : loads[low - 1];
  return { above: above ?? null, upTo: high === null ? null : (loads[high] ?? null), agreement };
}

/** Most degrees of freedom that are drawn with; more change nothing that could be seen. */
const MAX_DEGREES = 100;

/** Relative variance of one measurement, pooled. Null: nothing was repeated. */
function pooled(measured: readonly Measured[]): { variance: number; degrees: number } | null {
  let sum = 0;
  let degrees = 0;
  for (const { mean, spread } of measured) {
    if (spread === null || mean <= 0) continue;
    sum += (spread.degrees * spread.variance) / mean ** 2;
    degrees += spread.degrees;
  }
  return degrees === 0 ? null : { variance: sum / degrees, degrees: Math.min(degrees, MAX_DEGREES) };
}
