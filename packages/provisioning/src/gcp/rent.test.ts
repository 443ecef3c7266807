import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Io } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type OpenProviders, openProviders } from '../core/open-providers.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { acquire } from '../rent/acquire.ts';
import { wanted } from '../rent/testing/samples.ts';
import type { RentEvent, Wanted } from '../rent/types.ts';
import { hurriedIo } from '../testing/conformance/index.ts';
import { inProcessMachines } from '../testing/fake/in-process/in-process-machines.ts';
import { type FakeGcp, startFakeGcp } from '../testing/gcp/fake-gcp.ts';
import type { FakeGcpOptions } from '../testing/gcp/options.ts';
import { gcp } from './index.ts';

const TOKEN = 'ya29.planted-token-0123456789';
const wantedHere = (more: Partial<Wanted> = {}): Wanted => wanted({ gpu: 'L4', count: 1, ...more });

/** Machines of Compute Engine that really let us in, and everything between them and a run. */
interface Account {
  fake: FakeGcp;
  ledger: Ledger;
  events: RentEvent[];
  rent: (more?: Partial<Wanted>) => ReturnType<typeof acquire>;
}
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function account(options: FakeGcpOptions = {}, settings: Record<string, unknown> = {}): Promise<Account> {
  const root = await mkdtemp(join(tmpdir(), 'bench-gcp-rent-'));
  closing.push(() => rm(root, { recursive: true, force: true }));
  const fake = await startFakeGcp({ keys: [TOKEN], machines: inProcessMachines({ root: join(root, 'machines') }), ...options });
  closing.push(() => fake.close());
  const real = createIo({ env: { GCP_TEST_TOKEN: TOKEN } });
  // A look that is due in a while is taken soon: what really takes time is the machines behind.
  const hurried = hurriedIo(real, (ms) => fake.server.clock.advance(ms));
  const io: Io = { ...hurried, sleep: (ms, signal) => real.sleep(5, signal).then(() => hurried.sleep(ms, signal)) };
  const all = {
    project: fake.project,
    base_url: fake.baseUrl,
    ssh_port: fake.sshPort,
    access_token: { from_env: 'GCP_TEST_TOKEN' },
    ...settings,
  };
  const providers: OpenProviders = await openProviders({ factories: [gcp()], settings: { gcp: all }, io });
  closing.push(() => providers.close());
  const ledger = await openLedger({ dir: join(root, 'ledger'), io });
  closing.push(() => ledger.close());
  const events: RentEvent[] = [];
  const context = { ledger, providers, io, run: 'r0123456789', runDir: null, on: (event: RentEvent) => void events.push(event) };
  return { fake, ledger, events, rent: (more) => acquire(wantedHere(more), context) };
}
const failures = (events: readonly RentEvent[]) =>
  events.flatMap((event) => (event.type === 'failed' ? [[event.offer.zone, event.error.code, event.error.scope]] : []));

describe('a machine of Google Cloud', () => {
  it('is rented in the next zone when the first one is sold out after it had said yes, lets us in, and is gone in the end', async () => {
    const { fake, ledger, events, rent } = await account();
    fake.soldOut('europe-west1-b');
    const machine = await rent();
    expect(failures(events)).toEqual([['europe-west1-b', 'BENCH_PROVIDER_CAPACITY', 'zone']]);
    expect(machine.offer.zone).toBe('us-central1-a');
    const host = await machine.connect();
    expect((await host.exec({ argv: ['nvidia-smi', '-L'] })).stdout).toContain('NVIDIA L4');
    await host.close();
    expect(fake.truth().live).toMatchObject([{ name: machine.name, owner: ledger.owner }]);
    await machine.end('done');
    expect(fake.truth()).toMatchObject({ live: [], createsAcknowledged: 2, createsLost: 0 });
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['gone', 'gone']);
    expect(fake.server.errors).toEqual([]);
  });

  it('is tried in the documented order of zones', async () => {
    const { fake, events, rent } = await account();
    for (const zone of ['europe-west1-b', 'us-west1-c', 'us-east4-b']) fake.soldOut(zone);
    const machine = await rent({ gpu: 'H200', count: 8, markets: ['spot'] });
    expect(failures(events).map(([zone]) => zone)).toEqual(['europe-west1-b', 'us-west1-c', 'us-east4-b']);
    expect(machine.offer.zone).toBe('europe-west4-a');
    await machine.end('done');
    expect(fake.truth().live).toEqual([]);
  });

  it('that is preempted is lost as preempted, and nothing is left', async () => {
    const { fake, rent } = await account();
    const machine = await rent({ markets: ['spot'] });
    fake.preempt(machine.name);
    const lost = await machine.lost;
    expect(lost).toMatchObject({ code: 'BENCH_PROVIDER_PREEMPTED' });
    await machine.end('preempted');
    expect(fake.truth().live).toEqual([]);
  });

  it('comes up and goes under every misbehaviour at once', async () => {
    const { fake, ledger, rent } = await account({ misbehave: 'all' });
    const machine = await rent();
    await (await machine.connect()).close();
    await machine.end('done');
    expect(fake.truth().live).toEqual([]);
    expect((await ledger.entries()).every(({ state }) => state === 'gone' || state === 'refused')).toBe(true);
    expect(fake.server.errors).toEqual([]);
  });

  it('costs what the quota forbids in one region elsewhere, or says where to ask for more', async () => {
    const { fake, events, rent } = await account({}, { zones: { L4: ['us-central1-a', 'us-central1-b', 'us-east1-b'] } });
    const first = await rent();
    expect(first.offer.region).toBe('us-central1');
    fake.setQuota('us-central1', 'NVIDIA_L4_GPUS', 1);
    const second = await rent();
    expect(second.offer.region).toBe('us-east1');
    fake.setQuota('global', 'GPUS_ALL_REGIONS', 2);
    await expect(rent()).rejects.toMatchObject({ message: expect.stringContaining('quota') as unknown });
    expect(failures(events)).toEqual([]);
    await Promise.all([first.end('done'), second.end('done')]);
    expect(fake.truth().live).toEqual([]);
  });
});
