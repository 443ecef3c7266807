import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { systemInfo } from '@bench/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProviders } from '../core/open-providers.ts';
import { openLedger } from '../ledger/ledger.ts';
import { acquire } from '../rent/acquire.ts';
import { wanted } from '../rent/testing/samples.ts';
import type { RentContext, RentEvent, Wanted } from '../rent/types.ts';
import { type FakeCloudrift, startFakeCloudrift } from '../testing/cloudrift/fake-cloudrift.ts';
import type { FakeCloudriftOptions } from '../testing/cloudrift/options.ts';
import { inProcessMachines } from '../testing/fake/in-process/in-process-machines.ts';
import { cloudrift } from './index.ts';

let folder = '';
let last = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-rent-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Machines that answer, behind an API with everything awkward on. */
async function world(options: FakeCloudriftOptions = {}) {
  const root = join(folder, `machines-${++last}`);
  const fake: FakeCloudrift = await startFakeCloudrift({ misbehave: 'all', machines: inProcessMachines({ root }), ...options });
  const io = createIo({ env: { CLOUDRIFT_API_KEY: fake.server.key, CLOUDRIFT_API_URL: fake.server.url } });
  const real = cloudrift();
  const factory = { ...real, deadlines: { pollMs: 200 }, capabilities: { ...real.capabilities, visibleWithinMs: 1000 } };
  const providers = await openProviders({ factories: [factory], settings: {}, io });
  const ledger = await openLedger({ dir: join(folder, `ledger-${last}`), io });
  const events: RentEvent[] = [];
  const context: RentContext = { ledger, providers, io, run: 'r1a2b3c4d5', runDir: null, on: (event) => void events.push(event) };
  const close = async () => {
    await ledger.close();
    await providers.close();
    await fake.close();
    expect(existsSync(root)).toBe(false);
    expect(fake.server.errors).toEqual([]);
  };
  return { fake, context, events, ledger, close };
}

const wantedHere = (more: Partial<Wanted> = {}): Wanted => wanted({ gpu: 'RTX 4090', maxPriceUsdPerHour: 2, ...more });

describe('a machine of CloudRift is rented, reached and ended', () => {
  it('with everything awkward on', async () => {
    const { fake, context, ledger, close } = await world();
    const rented = await acquire(wantedHere(), context);
    expect(rented.offer).toMatchObject({ provider: 'cloudrift', priceUsdPerHour: 0.78, gpu: { id: 'RTX4090', count: 2 } });
    const host = await rented.connect();
    expect((await systemInfo(host)).gpus).toHaveLength(2);
    await host.close();
    expect(fake.truth()).toMatchObject({ createsAcknowledged: 1, createsLost: 0, live: [{ name: rented.name }] });
    await rented.end('done');
    expect(fake.truth().live).toEqual([]);
    expect(fake.truth().billedUsd).toBeGreaterThan(0);
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['gone']);
    await close();
  });

  it('in another datacenter or size of the same kind, when the first is sold out after all', async () => {
    const { fake, context, events, close } = await world({ tricks: { empty: 1, bootFailed: 1 } });
    const rented = await acquire(wantedHere({ gpu: 'H200', count: 1, maxPriceUsdPerHour: 5 }), context).catch((error: unknown) => error);
    // Of two offers the first was sold out and the second did not boot: the user's limits are not widened.
    expect(rented).toMatchObject({ exitCode: 4 });
    const failed = events.filter((event) => event.type === 'failed').map(({ error }) => error.details?.['kind']);
    expect(failed).toEqual(['capacity', 'failed']);
    expect(fake.truth()).toMatchObject({ live: [], createsAcknowledged: 1 });
    await close();
  }, 90_000);

  it('when the answer to the rent was lost: the machine that was made is found by its name, and not made twice', async () => {
    const { fake, context, close } = await world();
    fake.server.fail({ match: /rent$/, times: 1, how: 'reset-after' });
    const rented = await acquire(wantedHere(), context);
    expect(fake.truth()).toMatchObject({ createsLost: 1, live: [{ name: rented.name }] });
    await rented.end('done');
    expect(fake.truth().live).toEqual([]);
    await close();
  }, 60_000);
});
