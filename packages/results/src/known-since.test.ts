import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { knownSince, readRun, RunWriter, type RunView } from './index.ts';

const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const rented = (machine: number) => ({ machine, name: `bench-a-r-${machine}` });

/** Killed after ten seconds, with machines that cost a dollar a second and an engine on the first. */
async function killed(machines = 1, { told = true } = {}): Promise<RunView> {
  let ms = 0;
  const io = { now: () => START + ms, monotonic: () => ms, random: Math.random };
  const root = await mkdtemp(join(tmpdir(), 'bench-results-'));
  const writer = await RunWriter.create({ root, asked: { recipes: ['/r'], site: 'cloud', filter: [], seed: 0 }, tasks: [], tools: {} }, io);
  for (let machine = 0; machine < machines; machine++) {
    const price = { priceUsdPerHour: 3600, priceSource: 'P, live', diskGb: 1, storageUsdPerGbMonth: null };
    await writer.event({ type: 'machine_intent', ...rented(machine), group: 0, provider: 'p', offer: '1× H200', ...price });
    if (!told) continue;
    await writer.event({ type: 'machine_rented', ...rented(machine), id: `i${machine}`, queued: false });
    await writer.event({ type: 'machine_ready', ...rented(machine) });
  }
  await writer.event({ type: 'deployment_planned', deployment: 'd', key: 'k', machine: 0, target: 'compose', record: {} });
  ms = 10_000;
  await writer.event({ type: 'deployment_ready', deployment: 'd' });
  await writer.close();
  return readRun(writer.dir);
}

it('a machine that was ended while nobody wrote the journal is gone since then, and what was on it', async () => {
  const view = await killed();
  expect(view).toMatchObject({ rented: [{ state: 'ready' }], cost: { usd: 10, atLeast: true }, live: [{ deployment: 'd' }] });
  const stand = { gone: true, endedAt: at(25) };
  expect(await knownSince(view, { standOf: () => stand, now: START + 99_000 })).toMatchObject({
    rented: [{ state: 'gone' }],
    cost: { usd: 25, atLeast: false },
    live: [],
  });
});

it('what is still there counts until now; what the ledger does not know stays as the journal left it', async () => {
  const view = await killed(2);
  const now = START + 20_000;
  const both = await knownSince(view, { standOf: () => ({ gone: false, endedAt: null }), now });
  expect(both).toMatchObject({ rented: [{ state: 'ready' }, { state: 'ready' }], cost: { usd: 40, atLeast: false } });
  const one = await knownSince(view, { standOf: (name) => (name.endsWith('-0') ? { gone: true, endedAt: at(15) } : null), now });
  expect(one).toMatchObject({ rented: [{ state: 'gone' }, { state: 'ready' }], cost: { usd: 25, atLeast: true }, live: [] });
  const none = await knownSince(view, { standOf: () => null, now });
  expect(none.cost).toEqual(view.cost);
});

it('one whose create was on its way when the run was killed counts from its intent, where the ledger knows that it was made', async () => {
  const view = await killed(1, { told: false });
  const cost = async (made: boolean) =>
    (await knownSince(view, { standOf: () => ({ gone: true, endedAt: at(25), made }), now: START + 99_000 })).cost;
  expect(await cost(true)).toMatchObject({ usd: 25, atLeast: false, machines: [{ outcome: 'failed' }] });
  expect(await cost(false)).toMatchObject({ usd: 0, atLeast: false, machines: [{ outcome: 'refused' }] });
});
