import type { LedgerEntry } from '@bench/provisioning';
import type { JournalEvent, JournalLine } from '@bench/results';
import { describe, expect, it } from 'vitest';
import { isNoRoom, makeBudget } from './budget.ts';
import { makeMeter } from './meter.ts';
import { spentBefore } from './spent-before.ts';

const HOUR = 3_600_000;
/** Never wakes by itself: `look` is what a budget does when its sleep is over. */
function clock() {
  let ms = 0;
  let wake: (() => void)[] = [];
  return {
    monotonic: () => ms,
    io: { sleep: () => new Promise<void>((resolve) => wake.push(resolve)), monotonic: () => ms, now: () => ms },
    go: async (by: number) => {
      ms += by;
      const waiting = wake;
      wake = [];
      for (const one of waiting) one();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('the meter', () => {
  it('counts several machines at once, each with its disk, and a price that changes from then on', async () => {
    const time = clock();
    const meter = makeMeter(time.monotonic);
    meter.began('a', 2, 0.5);
    await time.go(HOUR);
    meter.began('b', 4);
    meter.began('a', 99);
    expect([meter.spentUsd(), meter.perHourUsd()]).toEqual([2.5, 6.5]);
    await time.go(HOUR);
    expect(meter.spentUsd()).toBe(9);
    meter.costs('a', 3);
    meter.ended('b');
    await time.go(HOUR);
    expect([meter.spentUsd(), meter.perHourUsd(), meter.priceOf('a'), meter.priceOf('b')]).toEqual([12.5, 3.5, 3.5, 0]);
    meter.began('unknown', null, 0.5);
    expect([meter.perHourUsd(), meter.priceOf('unknown')]).toEqual([4, 0.5]);
  });
});

describe('the budget', () => {
  it('stops while ending what is there still fits, with what earlier invocations cost', async () => {
    const time = clock();
    const meter = makeMeter(time.monotonic);
    const budget = makeBudget({ maxUsd: 10, spentBeforeUsd: 4, meter, io: time.io });
    meter.began('a', 11, 1);
    // Five minutes of teardown are a dollar: five dollars are left.
    await time.go(HOUR * (4.9 / 12));
    expect(budget.signal.aborted).toBe(false);
    await time.go(HOUR * (0.2 / 12));
    expect(budget.signal.aborted).toBe(true);
    expect(budget.reached()).toMatchObject({ code: 'BENCH_MAX_COST', exitCode: 4 });
    budget.close();
  });

  it('refuses a machine that could not be started and ended for what is left, and stops the run', () => {
    const time = clock();
    const told: unknown[] = [];
    const meter = makeMeter(time.monotonic);
    const budget = makeBudget({ maxUsd: 10, spentBeforeUsd: 8, meter, io: time.io, onReached: (reached) => told.push(reached) });
    const claim = budget.claim();
    expect(() => claim.take({ usdPerHour: 11, seconds: 60 })).not.toThrow();
    expect(() => claim.take({ usdPerHour: 13, seconds: 60 })).toThrow(/may cost \$10.00: it has cost \$8.00/);
    expect(budget.signal.aborted).toBe(true);
    expect(told).toEqual([{ maxCostUsd: 10, spentUsd: 8, message: expect.stringContaining('$8.00') as string }]);
    budget.close();
  });

  it('has room for one machine beside another only where both get to their ends, whether they exist yet or not', async () => {
    const time = clock();
    const meter = makeMeter(time.monotonic);
    const budget = makeBudget({ maxUsd: 19, spentBeforeUsd: 0, meter, io: time.io });
    const [first, second, third] = [budget.claim(), budget.claim(), budget.claim()];
    // Each an hour at twelve dollars, and one of teardown.
    const need = { usdPerHour: 12, seconds: 3600 };
    first.take(need);
    const refusal = (claim: typeof first, seconds = 3600) => {
      try {
        claim.take({ ...need, seconds });
        return null;
      } catch (error) {
        return error;
      }
    };
    expect(isNoRoom(refusal(second))).toBe(true);
    expect(refusal(second)).toMatchObject({ message: expect.stringContaining('$19.00 that the run may cost') as string });
    // Another price in place of the first, as of the next offer: the first is not in its own way.
    expect(refusal(first, 3600)).toBeNull();
    meter.began('a', 12);
    await time.go(HOUR / 2);
    expect(isNoRoom(refusal(second))).toBe(true);
    expect(isNoRoom(refusal(second, 1400))).toBe(false);
    second.release();
    // Whoever waits is told when the one that is there has ended, or could not be had.
    expect(isNoRoom(refusal(third))).toBe(true);
    let room = false;
    const waits = third.room(new AbortController().signal).then(() => (room = true));
    await time.go(1);
    expect(room).toBe(false);
    first.release();
    await waits;
    expect(budget.reached()).toBeNull();
    budget.close();
  });

  it('leaves a machine up for as long as that fits, beside what others take, and keeps that aside', async () => {
    const time = clock();
    const meter = makeMeter(time.monotonic);
    const budget = makeBudget({ maxUsd: 30, spentBeforeUsd: 0, meter, io: time.io });
    const [one, other] = [budget.claim(), budget.claim()];
    one.take({ usdPerHour: 12, seconds: 60 });
    meter.began('a', 10, 2);
    other.take({ usdPerHour: 6, seconds: HOUR / 1000 });
    meter.began('b', 6);
    // Of thirty dollars the other takes six and a half, and a dollar is for ending it.
    expect(one.keep({ name: 'a', untilMs: 8 * HOUR })).toBeCloseTo((22.5 / 12) * HOUR, -3);
    expect(one.keep({ name: 'a', untilMs: HOUR / 2 })).toBe(HOUR / 2);
    expect(one.keep({ name: 'a', untilMs: 8 * HOUR })).toBeGreaterThan(1.8 * HOUR);
    // What is kept is the others' no more: they have what they have.
    await time.go(0.9 * HOUR);
    expect(budget.reached()).toBeNull();
    await time.go(0.2 * HOUR);
    expect(budget.reached()?.message).toContain('what is kept takes');
    expect(other.keep({ name: 'b', untilMs: 8 * HOUR })).toBeNull();
    budget.close();
  });

  it('without a limit never stops, and keeps as long as it is asked to', () => {
    const time = clock();
    const budget = makeBudget({ maxUsd: null, spentBeforeUsd: 1e6, meter: makeMeter(time.monotonic), io: time.io });
    const claims = [budget.claim(), budget.claim()];
    for (const claim of claims) expect(() => claim.take({ usdPerHour: 1e6, seconds: 1e6 })).not.toThrow();
    expect(claims[0]?.keep({ name: 'a', untilMs: 9 * HOUR })).toBe(9 * HOUR);
  });
});

describe('what was spent before', () => {
  const START = Date.parse('2026-01-01T00:00:00.000Z');
  const entry = (name: string): LedgerEntry => ({
    name,
    provider: 'p',
    run: 'r',
    account: null,
    runDir: null,
    state: 'created',
    ref: null,
    offer: { id: 'o', instanceType: 't', region: 'x', zone: null, gpu: null, market: 'on-demand' },
    workload: 'vm',
    priceUsdPerHour: 2,
    priceSource: { kind: 'live', name: 'P', at: '' },
    storageUsdPerGbMonth: 7.3,
    diskInPrice: false,
    diskGb: 100,
    holder: { kind: 'lease', until: '' },
    intentAt: new Date(START).toISOString(),
    createdAt: new Date(START).toISOString(),
    runningAt: null,
    endedAt: null,
    changedAt: '',
    expiresAt: null,
    note: null,
  });
  const events = (list: JournalEvent[]): JournalLine[] =>
    list.map((event, seq) => ({ seq, at: new Date(START).toISOString(), ms: seq, ...event }));
  const who = { machine: 0, name: 'a' };
  const intent: JournalEvent = {
    type: 'machine_intent',
    ...who,
    group: 0,
    provider: 'p',
    offer: 'o',
    priceUsdPerHour: 2,
    priceSource: 'P',
    diskGb: 100,
    storageUsdPerGbMonth: 7.3,
    diskInPrice: false,
  };

  it('counts a machine that was left up until now, and from now on once, whether the journal knows it or only the ledger', async () => {
    // Two dollars an hour and one for its disk.
    for (const known of [[intent, { type: 'machine_running', ...who } as const], [intent], []]) {
      const time = clock();
      const meter = makeMeter(time.monotonic);
      const spent = spentBefore({ events: events(known), entries: [entry('a')], io: { now: () => START + 5 * HOUR }, meter });
      expect(spent).toBeCloseTo(15, 4);
      // Found two hours after it was asked for.
      const found = { ...entry('a'), createdAt: new Date(START + 2 * HOUR).toISOString() };
      const late = { events: events(known), entries: [found], io: { now: () => START + 5 * HOUR }, meter: makeMeter(time.monotonic) };
      expect(spentBefore(late)).toBeCloseTo(15, 4);
      await time.go(HOUR);
      expect(meter.spentUsd()).toBeCloseTo(3, 9);
    }
  });

  it('of one that is gone nothing more is counted, and a clock that was put back takes nothing off', () => {
    const meter = makeMeter(() => 0);
    const gone = events([intent, { type: 'machine_running', ...who }]);
    gone.push({ seq: 9, at: new Date(START + HOUR).toISOString(), ms: HOUR, type: 'machine_gone', ...who });
    expect(spentBefore({ events: gone, entries: [], io: { now: () => START + 9 * HOUR }, meter })).toBeCloseTo(3, 4);
    expect(meter.perHourUsd()).toBe(0);
    expect(spentBefore({ events: gone, entries: [entry('b')], io: { now: () => START - HOUR }, meter })).toBeCloseTo(3, 4);
  });
});
