import { createHash } from 'node:crypto';

/** A seeded source of numbers: equal seeds give equal sequences on every machine. */
export interface Prng {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in [min, max], both included. */
  integer(min: number, max: number): number;
}

/** Hashes parts into a 32-bit seed; `seedOf(a, b)` differs from `seedOf(b, a)`. */
export function seedOf(...parts: (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32LE(0);
}

/** SplitMix32 (Steele, Lea, Flood 2014, in its 32-bit form): small, fast, passes the tests that matter for sampling. */
export function prng(seed: number): Prng {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 0x1_0000_0000;
  };
  return { next, integer: (min, max) => min + Math.floor(next() * (max - min + 1)) };
}
