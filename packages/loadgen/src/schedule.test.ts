import { loadSpecSchema } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { openArrivals } from './deal.ts';
import { arrivalTimes, splitLoad } from './index.ts';
import { kolmogorov } from './kolmogorov.fixture.ts';

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

describe('what all workers of all clients send together', () => {
  const data = { kind: 'random', inputTokens: { min: 9, max: 9 }, outputTokens: { min: 9, max: 9 } };
  const union = (over: object, clients: number, workers: number) => {
    const load = loadSpecSchema.parse({ data, seed: 11, arrival: { kind: 'poisson', ratePerS: 50 }, maxConcurrency: null, ...over });
    const parts = splitLoad(load, clients).flatMap((part) =>
      Array.from({ length: workers }, (_, worker) => openArrivals({ load: loadSpecSchema.parse(part), trace: null, workers, worker })),
    );
    return Float64Array.from(parts.flatMap((part) => [...(part?.times ?? [])])).sort();
  };
  const dealt: [number, number][] = [
    [1, 1],
    [1, 2],
    [1, 3],
    [1, 8],
    [3, 2],
  ];

  it.each(dealt)('is one Poisson process, with %i clients of %i workers', (clients, workers) => {
    const times = union({ durationMs: 60_000 }, clients, workers);
    // The very arrivals of one client with one worker.
    expect(times).toEqual(union({ durationMs: 60_000 }, 1, 1));
    const n = times.length;
    expect(Math.abs(n - 3000)).toBeLessThan(4 * Math.sqrt(3000));
    const gaps = [...times].map((t, i) => t - (times[i - 1] ?? 0));
    // Exponential between arrivals, uniform over the time, and one gap says nothing of the next.
    expect(kolmogorov(gaps.map((gap) => 1 - Math.exp(-gap / 20)))).toBeLessThan(1.95);
    expect(kolmogorov([...times].map((t) => t / 60_000))).toBeLessThan(1.95);
    const mean = gaps.reduce((a, b) => a + b, 0) / n;
    const variance = gaps.reduce((a, gap) => a + (gap - mean) ** 2, 0) / n;
    expect(Math.abs(mean / 20 - 1)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(variance / 400 - 1)).toBeLessThan(4 * Math.sqrt(8 / n));
    const lag = gaps.slice(1).reduce((a, gap, i) => a + (gap - mean) * ((gaps[i] as number) - mean), 0) / n / variance;
    expect(Math.abs(lag)).toBeLessThan(4 / Math.sqrt(n));
  });

  it('has counts in seconds that vary as much as they are', () => {
    for (let seed = 0; seed < 5; seed++) {
      const perSecond = Array<number>(600).fill(0);
      for (const t of union({ durationMs: 600_000, seed }, 1, 3)) perSecond[Math.floor(t / 1000)]! += 1;
      const mean = perSecond.reduce((a, b) => a + b, 0) / 600;
      const variance = perSecond.reduce((a, k) => a + (k - mean) ** 2, 0) / 599;
      // The index of dispersion of a Poisson process is 1; its own deviation over 600 seconds is √(2 ÷ 599).
      expect(Math.abs(variance / mean - 1)).toBeLessThan(4 * Math.sqrt(2 / 599));
    }
  });
});
