import { describe, expect, it } from 'vitest';
import { type JournalEvent, type JournalLine, rentedMachines, runCost } from './index.ts';

const rented = { machine: 0, name: 'bench-a-r-0' };
const intent = (priceUsdPerHour: number | null = 3600, more: Partial<typeof rented> = {}): JournalEvent => ({
  type: 'machine_intent',
  ...rented,
  ...more,
  group: 0,
  provider: 'p',
  offer: '1× H200 in here',
  priceUsdPerHour,
  priceSource: 'P, live',
  diskGb: 730,
  storageUsdPerGbMonth: 3.6,
});
const point = { recipe: 'r', variant: 'v', key: 'k', attempt: 1, point: 0, repeat: 0 };
const error = { code: 'X', message: 'x' };

/** At so many seconds after the start; `wallS`: what the wall clock says then. */
function journal(list: readonly (readonly [atS: number, event: JournalEvent, wallS?: number])[]): JournalLine[] {
  return list.map(([atS, event, wallS = atS], seq) => ({ seq, at: new Date(1e12 + wallS * 1000).toISOString(), ms: atS * 1000, ...event }));
}

const LIFE: [number, JournalEvent][] = [
  [0, { type: 'run_started', pid: 1, resumed: false }],
  [0, intent()],
  [5, { type: 'machine_rented', ...rented, id: 'i', queued: true }],
  [10, { type: 'machine_rented', ...rented, id: 'i', queued: false }],
  [30, { type: 'machine_running', ...rented }],
  [40, { type: 'machine_ready', ...rented }],
  [42, { type: 'deployment_planned', deployment: 'd', key: 'k', machine: 0, target: 'compose', record: {} }],
  [60, { type: 'deployment_ready', deployment: 'd' }],
  [61, { type: 'attempt_started', recipe: 'r', variant: 'v', key: 'k', attempt: 1, deployment: 'd' }],
  [61, { type: 'point_started', ...point }],
  [71, { type: 'point_finished', ...point, path: 'x' }],
  [71, { type: 'point_started', ...point, point: 1 }],
  [74, { type: 'point_failed', ...point, point: 1, error }],
  [80, { type: 'machine_ending', ...rented, reason: 'done' }],
  [90, { type: 'machine_gone', ...rented }],
];

describe('what the machines of a run cost', () => {
  it('is counted from when one exists until it is gone, by what its time went into', () => {
    const cost = runCost(journal(LIFE));
    // At a dollar a second.
    expect(cost.parts).toEqual({ startup: 30, deploying: 18, measuring: 10, idle: 2 + 1 + 6, teardown: 10, failed: 3, storage: 0 });
    expect(cost).toMatchObject({ usd: 80, atLeast: false, missing: [], machines: [{ outcome: 'used', totalUsd: 80 }] });
  });

  it('does not change when the wall clock jumps an hour', () => {
    for (const jump of [3600, -3600]) {
      const jumped = LIFE.map(([at, event]) => [at, event, at > 50 ? at + jump : at] as const);
      expect(runCost(journal(jumped)).usd).toBe(80);
    }
  });

  it('says "at least" for a price that is not known, and for a machine that is not known to be gone', () => {
    const unknown = LIFE.map(([at, event]) => [at, event.type === 'machine_intent' ? intent(null) : event] as const);
    expect(runCost(journal(unknown))).toMatchObject({ usd: 0, atLeast: true, machines: [{ totalUsd: null, usd: null }] });
    const open = runCost(journal(LIFE.slice(0, -1)));
    expect(open).toMatchObject({ atLeast: true, usd: 70, machines: [{ outcome: 'open' }] });
    expect(open.missing).toEqual(['bench-a-r-0 is not known to be gone']);
    const kept: [number, JournalEvent] = [80, { type: 'machine_kept', ...rented, until: 'x' }];
    expect(runCost(journal([...LIFE.slice(0, -2), kept])).missing).toEqual(['bench-a-r-0 was left up, and goes on costing']);
    expect(runCost(journal(LIFE.slice(0, -1)), { now: 1e12 + 100_000 })).toMatchObject({
      usd: 90,
      atLeast: false,
      missing: [],
      machines: [{ outcome: 'open' }],
    });
  });

  it('counts what the machine itself says that it costs from when it says so, and in the middle of a point', () => {
    const price = (priceUsdPerHour: number): JournalEvent => ({
      type: 'machine_price',
      ...rented,
      priceUsdPerHour,
      priceSource: 'P, live',
    });
    const at = (seconds: number, event: JournalEvent, list = LIFE): [number, JournalEvent][] =>
      [...list, [seconds, event] as [number, JournalEvent]].toSorted((a, b) => a[0] - b[0]);
    const cost = runCost(journal(at(66, price(7200))));
    expect(cost).toMatchObject({ usd: 80 + 24, atLeast: false, machines: [{ priceUsdPerHour: 7200, totalUsd: 104 }] });
    // Half of its point at the one, half at the other.
    expect(cost.parts).toMatchObject({ startup: 30, measuring: 15, teardown: 20 });
    const unknown = LIFE.map(([when, event]) => [when, event.type === 'machine_intent' ? intent(null) : event] as [number, JournalEvent]);
    expect(runCost(journal(at(66, price(3600), unknown)))).toMatchObject({ usd: 80, atLeast: false, missing: [] });
    expect(rentedMachines(journal(at(66, price(7200))))).toMatchObject([{ priceUsdPerHour: 7200 }]);
  });

  it('a create that was refused costs nothing, and a machine that never became ready is all failed attempt', () => {
    const failed: JournalEvent = { type: 'machine_failed', ...rented, error };
    expect(
      runCost(
        journal([
          [0, intent()],
          [5, failed],
        ]),
      ),
    ).toMatchObject({ usd: 0, atLeast: false, machines: [{ outcome: 'refused' }] });
    const life = [...LIFE.slice(0, 5), [50, failed], [55, { type: 'machine_gone', ...rented }]] as [number, JournalEvent][];
    expect(runCost(journal(life))).toMatchObject({ usd: 45, parts: { failed: 45, startup: 0 }, machines: [{ outcome: 'failed' }] });
  });

  it('of one that was made, but could not be ended or was told too late, counts from when it was asked for, and is never "refused"', () => {
    const began: [number, JournalEvent] = [0, { type: 'run_started', pid: 1, resumed: false }];
    const ending: [number, JournalEvent] = [3, { type: 'machine_ending', ...rented, reason: 'x', sinceIntent: true }];
    const failed: [number, JournalEvent] = [
      15,
      { type: 'machine_failed', ...rented, error: { code: 'BENCH_PROVIDER_CLEANUP', message: 'x' } },
    ];
    const gone: [number, JournalEvent] = [40, { type: 'machine_gone', ...rented }];
    const left = runCost(journal([began, [1, intent()], ending, failed]));
    expect(left).toMatchObject({ usd: 14, atLeast: true, machines: [{ outcome: 'open' }] });
    expect(left.missing).toEqual(['bench-a-r-0 is not known to be gone']);
    expect(runCost(journal([began, [1, intent()], ending, failed]), { now: 1e12 + 21_000 })).toMatchObject({ usd: 20, atLeast: false });
    expect(runCost(journal([began, [1, intent()], ending, failed, gone]))).toMatchObject({
      usd: 39,
      atLeast: false,
      machines: [{ outcome: 'failed' }],
    });
    const found: [number, JournalEvent] = [30, { type: 'machine_rented', ...rented, id: 'i', queued: false, sinceIntent: true }];
    expect(runCost(journal([began, [1, intent()], found, gone]))).toMatchObject({ usd: 39, machines: [{ outcome: 'failed' }] });
    expect(runCost(journal([began, [1, intent()], [40, { type: 'machine_gone', ...rented, sinceIntent: true }]])).usd).toBe(39);
    // In a queue it costs nothing, however it ended.
    const queued: [number, JournalEvent] = [2, { type: 'machine_rented', ...rented, id: 'i', queued: true }];
    expect(runCost(journal([began, [1, intent()], queued, ending, gone]))).toMatchObject({ usd: 0, atLeast: false });
  });

  it('says "at least" while nobody knows whether a machine was made, until that is known', () => {
    for (const code of ['BENCH_PROVIDER_CLEANUP', 'BENCH_PROVIDER_UNKNOWN_OUTCOME']) {
      const doubt: [number, JournalEvent][] = [
        [0, intent()],
        [5, { type: 'machine_failed', ...rented, error: { code, message: 'x' } }],
      ];
      for (const options of [{}, { now: 1e12 + 9e6 }]) {
        const cost = runCost(journal(doubt), options);
        expect(cost).toMatchObject({ usd: 0, atLeast: true, machines: [{ outcome: 'open' }] });
        expect(cost.missing).toEqual(['nobody knows whether bench-a-r-0 was made']);
      }
      expect(runCost(journal([...doubt, [9, { type: 'machine_gone', ...rented }]]))).toMatchObject({
        usd: 0,
        atLeast: false,
        machines: [{ outcome: 'refused' }],
      });
    }
  });

  it('of one that was taken away only the disk counts until it is ended', () => {
    const life = [...LIFE.slice(0, 10), [71, { type: 'machine_lost', ...rented, error }], [3671, { type: 'machine_gone', ...rented }]] as [
      number,
      JournalEvent,
    ][];
    const cost = runCost(journal(life));
    expect(cost.parts.failed).toBe(10);
    // 730 GB at $3.60 a month of 730 hours.
    expect(cost.parts.storage).toBeCloseTo(3.6);
    expect(cost.machines[0]?.outcome).toBe('lost');
    // One that did not answer any more was there until it was ended.
    const away = life.map(([at, event]): [number, JournalEvent] => [
      at,
      event.type === 'machine_lost' ? { ...event, error: { code: 'BENCH_SSH_LOST', message: 'x' } } : event,
    ]);
    expect(runCost(journal(away))).toMatchObject({ usd: 3661, parts: { storage: 0 } });
    expect(cost.atLeast).toBe(false);
    const unknown = life.map(([at, event]): [number, JournalEvent] => [
      at,
      event.type === 'machine_intent' ? { ...event, storageUsdPerGbMonth: null } : event,
    ]);
    expect(runCost(journal(unknown))).toMatchObject({ atLeast: true, missing: [expect.stringContaining('disk of bench-a-r-0') as string] });
  });

  it('a disk that the price does not hold counts from create until it is gone, and one whose price nobody knows is said', () => {
    const beside = (more: object) =>
      LIFE.map(([at, event]) => [at, event.type === 'machine_intent' ? { ...event, diskInPrice: false, ...more } : event] as const);
    // 730 GB at $3.60 a month of 730 hours are $3.60 an hour: a thousandth of a dollar a second, for 80 seconds.
    const cost = runCost(journal(beside({})));
    expect(cost.parts).toMatchObject({ startup: 30, measuring: 10, teardown: 10 });
    expect(cost.parts.storage).toBeCloseTo(0.08, 9);
    expect(cost.usd).toBeCloseTo(80.08, 9);
    expect(cost.atLeast).toBe(false);
    expect(cost.machines[0]?.seconds.storage).toBe(0);
    const unknown = runCost(journal(beside({ storageUsdPerGbMonth: null })));
    expect(unknown).toMatchObject({ usd: 80, atLeast: true, missing: [expect.stringContaining('disk of bench-a-r-0') as string] });
  });

  it('goes on in another process by the wall clock, and takes the end from the ledger', () => {
    const first = journal(LIFE.slice(0, 6));
    const gone: JournalLine = {
      seq: 7,
      at: new Date(1e12 + 9_000_000).toISOString(),
      ms: 0,
      type: 'machine_gone',
      ...rented,
      endedAt: new Date(1e12 + 140_000).toISOString(),
    };
    expect(runCost([...first, gone])).toMatchObject({ usd: 130, atLeast: false });
  });
});
