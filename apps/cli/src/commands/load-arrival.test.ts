import { describe, expect, it } from 'vitest';
import { arrivalOf } from './load-arrival.ts';

const UNSAID = { arrival: 'poisson', burstiness: 1 };

describe('when requests are sent, by flags', () => {
  it.each([
    [{}, { kind: 'closed' }],
    [{ rate: 3 }, { kind: 'poisson', ratePerS: 3 }],
    [
      { rate: 3, arrival: 'gamma', burstiness: 0.5 },
      { kind: 'gamma', ratePerS: 3, burstiness: 0.5 },
    ],
    [{ bursts: '20:5s' }, { kind: 'bursts', size: 20, everyMs: 5000 }],
    [
      { stages: '30s:5, 1m:5-50.5,10s:0' },
      {
        kind: 'stages',
        process: 'poisson',
        stages: [
          { durationMs: 30_000, ratePerS: 5 },
          { durationMs: 60_000, ratePerS: 5, toRatePerS: 50.5 },
          { durationMs: 10_000, ratePerS: 0 },
        ],
      },
    ],
    [
      { ramp: '60s:0-32,5m:32' },
      {
        kind: 'closed',
        stages: [
          { durationMs: 60_000, concurrency: 0, toConcurrency: 32 },
          { durationMs: 300_000, concurrency: 32 },
        ],
      },
    ],
    [
      { stages: '2s:1', arrival: 'constant' },
      { kind: 'stages', process: 'constant', stages: [{ durationMs: 2000, ratePerS: 1 }] },
    ],
  ])('%j', (flags, arrival) => {
    expect(arrivalOf({ ...UNSAID, ...flags }, false)).toEqual(arrival);
  });

  it('are those of a trace where the data is one', () => {
    expect(arrivalOf(UNSAID, true)).toEqual({ kind: 'trace', speed: 1 });
    expect(arrivalOf({ ...UNSAID, speed: 4 }, true)).toEqual({ kind: 'trace', speed: 4 });
  });
});
