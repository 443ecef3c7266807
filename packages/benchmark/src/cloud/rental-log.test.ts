import { createIo, type Io } from '@bench/core';
import { type Machine, providerError, type RentEvent } from '@bench/provisioning';
import { type JournalLine, runCost, type RunWriter } from '@bench/results';
import { expect, it } from 'vitest';
import { makeMeter } from './meter.ts';
import { rentalLog, rentalNumbers } from './rental-log.ts';
import { OFFER } from './testing/fake-renter.ts';

const name = 'bench-a-r-0';
const MINUTE = 60_000;
const MACHINE = {
  ref: { provider: 'paper', id: 'i', name, region: 'here', zone: null },
  state: 'provisioning',
  rawState: 'boots',
  stateReason: null,
  priceUsdPerHour: 6,
} as Machine;

/** What the journal and the meter make of events at those minutes, and of the time until the last one. */
async function told(list: readonly (readonly [minute: number, event: RentEvent | null])[]) {
  let now = 0;
  const real = createIo();
  const io: Io = { ...real, now: () => 1e12 + now, monotonic: () => now };
  const meter = makeMeter(io.monotonic);
  const lines: JournalLine[] = [];
  const event: RunWriter['event'] = (journal) => {
    lines.push({ ...journal, seq: lines.length, at: new Date(io.now()).toISOString(), ms: now });
    return Promise.resolve();
  };
  const writer = { dir: '', event } as RunWriter;
  const log = rentalLog({ writer, io, numbers: rentalNumbers([]), meter, group: 0, diskGb: 100, tell: () => undefined });
  for (const [minute, what] of list) {
    now = minute * MINUTE;
    if (what) log.on(what);
    await log.written();
  }
  return { cost: runCost(lines, { now: io.now() }), metered: meter.spentUsd(), lines };
}

const both = (usd: number) => [expect.closeTo(usd, 9), expect.closeTo(usd, 9)];
const offer = { ...OFFER, priceUsdPerHour: 6 };
const renting: RentEvent = { type: 'renting', name, offer };
const seen: RentEvent = { type: 'state', name, offer, machine: MACHINE };
const ending: RentEvent = { type: 'ending', name, reason: 'x' };
const failed: RentEvent = {
  type: 'failed',
  name,
  offer,
  error: providerError({ kind: 'cleanup', provider: 'paper', op: 'terminate', message: 'it could not be ended' }),
};

it('a create whose answer was lost counts from when it was asked for, another one from when it was told', async () => {
  const lost = await told([
    [0, renting],
    [5, { ...seen, answerLost: true }],
    [10, null],
  ]);
  expect([lost.cost.usd, lost.metered]).toEqual(both(1));
  const answered = await told([
    [0, renting],
    [5, seen],
    [10, null],
  ]);
  expect([answered.cost.usd, answered.metered]).toEqual(both(0.5));
  const queued = await told([
    [0, renting],
    [2, { ...seen, machine: { ...MACHINE, state: 'pending' }, answerLost: true }],
    [5, { ...seen, answerLost: true }],
    [10, null],
  ]);
  expect([queued.cost.usd, queued.metered]).toEqual(both(0.5));
});

it('one that was made although its create failed costs until it is gone, and goes on costing when it could not be ended', async () => {
  const left = await told([
    [0, renting],
    [1, ending],
    [6, failed],
    [10, null],
  ]);
  expect(left.cost.machines).toMatchObject([{ name, outcome: 'open', totalUsd: expect.closeTo(1, 9) as number }]);
  expect(left.metered).toBeCloseTo(1, 9);
  expect(runCost(left.lines)).toMatchObject({ atLeast: true, missing: [`${name} is not known to be gone`] });
  const ended = await told([
    [0, renting],
    [1, ending],
    [5, { type: 'gone', name }],
    [5, failed],
    [10, null],
  ]);
  expect(ended.cost).toMatchObject({ usd: expect.closeTo(0.5, 9) as number, atLeast: false, machines: [{ outcome: 'failed' }] });
  expect(ended.metered).toBeCloseTo(0.5, 9);
});
