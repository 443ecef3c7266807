import { describe, expect, it } from 'vitest';
import type { SelfcheckLevel } from './levels.ts';
import type { LevelCheck } from './run-selfcheck.ts';
import { atItsLimit, capacityOf, doubts, verdictOf } from './verdict.ts';

const spread = (p50: number, p99: number) => ({ count: 100, p50, p99, max: p99 });

function check(level: SelfcheckLevel, over: Partial<LevelCheck> & { p99?: number; lateP50?: number } = {}): LevelCheck {
  const { p99 = 1, lateP50 = 1, ...rest } = over;
  const bare = {
    level,
    workers: 1,
    counts: { sent: 10, ok: 10, failed: 0, cancelled: 0, warmup: 1 },
    eventsPerS: 1000,
    eluMax: 0.1,
    cpuCores: 0.1,
    rateReached: level.kind === 'rate' ? 1 : null,
    scheduleLagP99Ms: level.kind === 'rate' ? 0.5 : null,
    error: {
      ttftMs: spread(0.2, p99),
      itlMs: spread(0.1, p99),
      tpotMs: spread(0.1, 0.1),
      stampMs: spread(0.2, p99),
      serverLateMs: spread(lateP50, 3),
    },
    ...rest,
  };
  return { ...bare, doubts: doubts(bare) };
}
const streams = (n: number): SelfcheckLevel => ({ kind: 'streams', streams: n });
const rate = (n: number): SelfcheckLevel => ({ kind: 'rate', ratePerS: n });
const verdict = (levels: LevelCheck[]) => verdictOf({ levels, tokensPerS: 50 });

describe('a level', () => {
  it.each([
    [check(streams(1)), []],
    [check(streams(1), { p99: 7.25 }), ['it was 7.3 ms off (p99)']],
    [check(streams(1), { eluMax: 0.91 }), ['its event loop was busy 91 % of the time']],
    [check(rate(9), { scheduleLagP99Ms: 12 }), ['requests left 12.0 ms late (p99)']],
    [check(rate(9), { rateReached: 0.9 }), ['it reached 90.0 % of the rate']],
    [check(rate(9), { counts: { sent: 10, ok: 8, failed: 2, cancelled: 0, warmup: 0 } }), ['2 of 10 requests failed']],
  ])('is in doubt by the rules of client_bound, and by its error (%#)', ({ doubts: found }, expected) => {
    expect(found).toEqual(expected);
  });

  it('that is only inexact is no reason to stop; one that is too much is', () => {
    expect(atItsLimit(check(streams(1), { p99: 9 }))).toBe(false);
    expect(atItsLimit(check(streams(1), { eluMax: 0.9 }))).toBe(true);
    expect(atItsLimit(check(streams(1), { lateP50: 25 }))).toBe(true);
  });
});

describe('the verdict', () => {
  it('names the highest loads when nothing was in doubt', () => {
    expect(verdict([check(streams(1)), check(streams(200)), check(rate(50))])).toBe(
      'This machine’s client can be believed up to 200 streams of 50 tokens/s and 50 requests/s.',
    );
  });

  it('ends before the first level in doubt, whatever comes after', () => {
    expect(verdict([check(streams(1)), check(streams(10), { p99: 8 }), check(streams(50))])).toBe(
      'This machine’s client can be believed up to 1 stream of 50 tokens/s; at 10 streams it was 8.0 ms off (p99).',
    );
  });

  it('tells the server’s end from the client’s', () => {
    expect(verdict([check(streams(1)), check(streams(10), { lateP50: 30 })])).toBe(
      'This machine’s client can be believed up to 10 streams of 50 tokens/s; at 10 streams the test server itself was at its end.',
    );
  });

  it('can be that nothing is to be believed', () => {
    expect(verdict([check(streams(1), { p99: 6 })])).toBe(
      'This machine’s client cannot be believed as it is now, not even at the lowest load; at 1 stream it was 6.0 ms off (p99).',
    );
  });
});

it('capacity is what the busiest level read a worker, at a loop busy 80 % of the time', () => {
  const levels = [check(streams(10), { eventsPerS: 500 }), check(streams(500), { eventsPerS: 20_000, eluMax: 0.4, workers: 2 })];
  expect(capacityOf(levels)).toBe(20_000);
  expect(capacityOf([check(rate(50))])).toBeNull();
});
