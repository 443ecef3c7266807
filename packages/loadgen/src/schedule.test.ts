import { describe, expect, it } from 'vitest';
import { arrivalTimes } from './index.ts';

describe('arrivalTimes', () => {
  it('gives the same absolute times for the same seed, and others for another', () => {
    const of = (seed: number) => arrivalTimes({ arrival: { kind: 'poisson', ratePerS: 10 }, seed, count: 50 });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('spaces a constant rate evenly from zero', () => {
    expect([...arrivalTimes({ arrival: { kind: 'constant', ratePerS: 4 }, seed: 0, count: 4 })]).toEqual([0, 250, 500, 750]);
  });

  it('puts the last of a counted random schedule on count ÷ rate', () => {
    for (const arrival of [{ kind: 'poisson', ratePerS: 20 } as const, { kind: 'gamma', ratePerS: 20, burstiness: 0.3 } as const]) {
      expect(arrivalTimes({ arrival, seed: 3, count: 200 }).at(-1)).toBeCloseTo(10_000, 6);
    }
  });

  it('has exponential gaps: their standard deviation is their mean, and gamma makes it burstier or smoother', () => {
    const variation = (arrival: Parameters<typeof arrivalTimes>[0]['arrival']) => {
      const times = arrivalTimes({ arrival, seed: 5, durationMs: 2_000_000 });
      const gaps = [...times].slice(1).map((t, i) => t - (times[i] as number));
      const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
      return { mean, cv: Math.sqrt(gaps.reduce((a, g) => a + (g - mean) ** 2, 0) / gaps.length) / mean };
    };
    const poisson = variation({ kind: 'poisson', ratePerS: 10 });
    expect(poisson.mean).toBeGreaterThan(97);
    expect(poisson.mean).toBeLessThan(103);
    expect(poisson.cv).toBeCloseTo(1, 1);
    expect(variation({ kind: 'gamma', ratePerS: 10, burstiness: 1 }).cv).toBeCloseTo(1, 1);
    expect(variation({ kind: 'gamma', ratePerS: 10, burstiness: 0.25 }).cv).toBeCloseTo(2, 0);
    expect(variation({ kind: 'gamma', ratePerS: 10, burstiness: 4 }).cv).toBeCloseTo(0.5, 1);
  });

  it('cuts at the duration, and refuses a schedule without an end', () => {
    expect(arrivalTimes({ arrival: { kind: 'constant', ratePerS: 10 }, seed: 0, durationMs: 1000 })).toHaveLength(10);
    expect(arrivalTimes({ arrival: { kind: 'constant', ratePerS: 10 }, seed: 0, count: 100, durationMs: 1000 })).toHaveLength(10);
    expect(() => arrivalTimes({ arrival: { kind: 'constant', ratePerS: 10 }, seed: 0 })).toThrow('number of requests or a duration');
  });
});
