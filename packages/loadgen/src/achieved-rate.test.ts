import { type Arrival, loadSpecSchema, requestRecord } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { arrivalTimes, summarizeRecords } from './index.ts';

/** The message of `rate_missed` of a run whose requests were sent `lateMs` after their time; null: it was not flagged. */
function missed(arrival: Exclude<Arrival, { kind: 'closed' | 'trace' }>, lateMs: (dueMs: number) => number): string | null {
  const load = loadSpecSchema.parse({
    arrival,
    maxConcurrency: 4,
    durationMs: 10_000,
    data: { kind: 'random', inputTokens: { min: 9, max: 9 }, outputTokens: { min: 1, max: 1 } },
  });
  const records = [...arrivalTimes({ arrival, seed: 5, durationMs: 10_000 })].map((dueMs, index) => {
    const sentMs = dueMs + lateMs(dueMs);
    return requestRecord({
      index,
      intendedMs: dueMs,
      sentMs,
      firstTokenMs: sentMs + 5,
      lastTokenMs: sentMs + 9,
      endMs: sentMs + 9,
      outputTokens: 1,
    });
  });
  const { flags } = summarizeRecords({ load, records, gaps: [], startedAt: '2026-01-01T00:00:00.000Z', client: null });
  return flags.find((f) => f.code === 'rate_missed')?.message ?? null;
}

describe('rate_missed', () => {
  const ramp: Arrival = {
    kind: 'stages',
    process: 'poisson',
    stages: [
      { durationMs: 3000, ratePerS: 10 },
      { durationMs: 3000, ratePerS: 10, toRatePerS: 90 },
      { durationMs: 4000, ratePerS: 10 },
    ],
  };
  const bursts: Arrival = { kind: 'bursts', size: 20, everyMs: 1000 };

  it('is not raised when arrivals were sent at their times, however uneven', () => {
    for (const arrival of [ramp, bursts, { kind: 'bursts', size: 20, everyMs: 20_000 } as const])
      expect(missed(arrival, () => 2)).toBeNull();
  });

  it('is raised for one stage that was late, though the run caught up with its schedule', () => {
    expect(missed(ramp, (due) => (due > 5000 && due < 6000 ? 600 : 1))).toMatch(
      /^8\d\.\d % of the asked rate of one of the stages were sent$/,
    );
    expect(missed(ramp, (due) => (due > 5000 && due < 6000 ? 20 : 1))).toBeNull();
  });

  it('is raised for bursts that come ever later, with the mean rate', () => {
    expect(missed(bursts, (due) => due * 0.25)).toMatch(/^8\d\.\d % of the asked 20 requests\/s were sent$/);
  });

  it('is raised for a part of a trace that was late', () => {
    const load = loadSpecSchema.parse({ arrival: { kind: 'trace' }, data: { kind: 'trace', path: 't', format: 'azure' } });
    const flagged = (lateMs: (dueMs: number) => number) => {
      const records = Array.from({ length: 200 }, (_, index) => {
        const sentMs = index * 50 + lateMs(index * 50);
        return requestRecord({ index, intendedMs: index * 50, sentMs, endMs: sentMs + 9 });
      });
      const { flags } = summarizeRecords({ load, records, gaps: [], startedAt: '2026-01-01T00:00:00.000Z', client: null });
      return flags.find((f) => f.code === 'rate_missed')?.message ?? null;
    };
    expect(flagged(() => 5)).toBeNull();
    expect(flagged((due) => (due > 4000 && due < 5000 ? 400 : 5))).toMatch(/% of the asked rate of a part of the trace were sent$/);
  });

  it('speaks of a steady rate as ever', () => {
    expect(missed({ kind: 'constant', ratePerS: 20 }, (due) => due * 0.25)).toBe('80.0 % of the asked 20 requests/s were sent');
  });
});
