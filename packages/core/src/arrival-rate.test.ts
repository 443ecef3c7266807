import { describe, expect, it } from 'vitest';
import { arrivalLabel, arrivalSchema, concurrencyLabel, highestConcurrency, meanRatePerS } from './index.ts';

describe('arrivals', () => {
  it.each([
    [{ kind: 'poisson', ratePerS: 4 }, 4, '4 req/s'],
    [{ kind: 'bursts', size: 8, everyMs: 2000 }, 4, '8 every 2.0 s'],
    [
      {
        kind: 'stages',
        stages: [
          { durationMs: 1000, ratePerS: 2, toRatePerS: 10 },
          { durationMs: 3000, ratePerS: 10 },
        ],
      },
      9,
      '2→10 req/s',
    ],
    [{ kind: 'stages', stages: [1, 2, 3, 4, 5, 6, 7, 8].map((ratePerS) => ({ durationMs: 1, ratePerS })) }, 4.5, '1→2→3→…→7→8 req/s'],
  ])('%j', (input, rate, label) => {
    const arrival = arrivalSchema.parse(input);
    if (arrival.kind === 'closed') throw new Error('not this one');
    expect(meanRatePerS(arrival)).toBeCloseTo(rate, 12);
    expect(arrivalLabel(arrival)).toBe(label);
  });

  it('of a trace have the rate of its file', () => {
    expect(meanRatePerS({ kind: 'trace', speed: 2 })).toBeNull();
    expect([1, 2.5].map((speed) => arrivalLabel({ kind: 'trace', speed }))).toEqual(['trace', 'trace ×2.5']);
  });

  it('of a closed loop in stages are told by its concurrency', () => {
    const stages = [
      { durationMs: 5, concurrency: 0, toConcurrency: 8 },
      { durationMs: 5, concurrency: 8 },
      { durationMs: 5, concurrency: 2 },
    ];
    expect(concurrencyLabel(stages)).toBe('0→8→2');
    expect(highestConcurrency(stages)).toBe(8);
    expect(arrivalSchema.safeParse({ kind: 'closed', stages }).success).toBe(true);
    expect(arrivalSchema.safeParse({ kind: 'closed', stages: [{ durationMs: 5, concurrency: 0 }] }).success).toBe(false);
  });

  it('of a closed loop have no rate, and stages need one', () => {
    expect(meanRatePerS({ kind: 'closed' })).toBeNull();
    expect(arrivalSchema.safeParse({ kind: 'stages', stages: [{ durationMs: 5, ratePerS: 0 }] }).success).toBe(false);
    expect(arrivalSchema.safeParse({ kind: 'stages', stages: [] }).success).toBe(false);
  });
});
