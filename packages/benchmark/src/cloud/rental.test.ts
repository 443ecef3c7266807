import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, type Host } from '@bench/core';
import { connect } from '@bench/host';
import { type Ledger, openLedger, type RentedMachine } from '@bench/provisioning';
import { expandRecipe, parseRecipe } from '@bench/recipe';
import { readJournal, runPaths } from '@bench/results';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../events.ts';
import { runCloud } from './run-cloud.ts';
import { askedCloud } from './testing/asked-cloud.ts';
import { type FakeRenter, fakeRenter, paperProviders } from './testing/fake-renter.ts';

let root: string;
let ledger: Ledger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-rental-'));
  ledger = await openLedger({ dir: join(root, 'ledger'), io: createIo({ connect }) });
});
afterEach(async () => {
  await ledger.close();
  await rm(root, { recursive: true, force: true });
});

/** Two points in one group; the first machine stops answering in the second one. `suspect`: what its provider says then. */
async function outOfReach(renter: FakeRenter, o: { signal?: AbortSignal; suspect?: RentedMachine['suspect'] } = {}) {
  const yaml = `command: {run: "sleep 0.3; echo '{}' > metrics.json", result_files: [metrics.json]}\ndeploy: {gpu_concurrency: 1}\nmatrices: {cross: {size: [1, 2]}}\n`;
  const events: RunEvent[] = [];
  const real = createIo({ ...(o.signal ? { signal: o.signal } : {}), connect });
  let away = false;
  const outcome = await runCloud(
    {
      io: { ...real, monotonic: () => real.monotonic() * 100, sleep: (ms, signal) => real.sleep(ms / 100, signal) },
      tasks: expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' })),
      root: join(root, 'runs'),
      folders: [],
      cwd: root,
      tools: {},
      cloud: { ledger, providers: paperProviders() },
      asked: { recipes: [], site: 'cloud', filter: [], seed: 1, cloud: { ...askedCloud(), maxLifetimeS: 1e6 } },
    },
    (event) => {
      events.push(event);
      if (event.type !== 'point_started' || event.ref.position !== 2 || away) return;
      away = true;
      stopAnswering(renter.there.get(event.ref.machine ?? '')?.host);
    },
    (context) => {
      const { rent, ...rest } = renter.renterOf(context);
      return { ...rest, rent: async (...asked) => ({ ...(await rent(...asked)), ...(o.suspect ? { suspect: o.suspect } : {}) }) };
    },
  );
  return { outcome, events, journal: await readJournal(runPaths.journal(outcome.dir)) };
}

function stopAnswering(host: Host | undefined): void {
  const lost = () => Promise.reject(new BenchError({ code: 'BENCH_SSH_LOST', message: 'it does not answer', retryable: true }));
  if (host) Object.assign(host, { exec: lost, stream: lost, start: lost });
}

it('one that does not answer any more is there, and costs all of its price, until it is ended: its provider did not take it', async () => {
  const renter = fakeRenter({ root });
  const { outcome, events, journal } = await outOfReach(renter);
  expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
  expect(renter.ended).toEqual(renter.rented);
  expect(renter.rented).toHaveLength(2);
  expect(events.filter((event) => event.type === 'machine' && event.state === 'lost')).toHaveLength(1);
  expect(journal.events.map(({ type }) => type)).not.toContain('machine_lost');
  expect(outcome.cost).toMatchObject({ atLeast: false, missing: [], parts: { storage: 0 } });
}, 60_000);

it('is not said to be lost when the run was interrupted while its provider was asked', async () => {
  const stop = new AbortController();
  const renter = fakeRenter({ root });
  const suspect = () => {
    stop.abort();
    return Promise.resolve(null);
  };
  const { outcome, events } = await outOfReach(renter, { signal: stop.signal, suspect });
  expect(outcome).toMatchObject({ status: 'interrupted', leftBehind: [] });
  expect(events.filter((event) => event.type === 'machine' && event.state === 'lost')).toEqual([]);
}, 60_000);
