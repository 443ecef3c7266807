import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { type Holder, type MachineSpec, openLedger } from '@bench/provisioning';
import { RunWriter } from '@bench/results';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ledgerDir } from './cloud-access.ts';
import { statusLines } from './commands/status.ts';
import { runsNow } from './runs-now.ts';

const io = createIo({});
const same = (text: string) => text;
const style = { color: false, unicode: false, dim: same, red: same, green: same, yellow: same, cyan: same, bold: same };
const gpu = { id: 'H200', name: 'NVIDIA H200', count: 1, memoryGb: 141 };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-runs-now-'));
  vi.stubEnv('XDG_STATE_HOME', join(root, 'state'));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A run that was killed while it worked on a machine. */
async function killed(): Promise<{
  dir: string;
  name: string;
  withLedger: (act: (ledger: Ledger, name: string) => Promise<void>) => Promise<void>;
}> {
  const asked = { recipes: ['/r'], site: 'cloud', filter: [], seed: 0 };
  const writer = await RunWriter.create({ root, asked, tasks: [], tools: {} }, io);
  const ledger = await openLedger({ dir: ledgerDir(), io });
  const { entry } = await ledger.intent({ spec: (name) => specOf(name, ledger.owner, writer.run.id), runDir: writer.dir });
  const { name } = entry;
  const who = { machine: 0, name };
  const price = { priceUsdPerHour: 3600, priceSource: 'P, live', diskGb: 1, storageUsdPerGbMonth: null };
  await writer.event({ type: 'machine_intent', ...who, group: 0, provider: 'p', offer: '1x H200', ...price });
  await ledger.created(name, { provider: 'p', id: '1', name, region: null, zone: null });
  await writer.event({ type: 'machine_rented', ...who, id: '1', queued: false });
  await writer.event({ type: 'machine_ready', ...who });
  await ledger.close();
  await writer.close();
  return {
    dir: writer.dir,
    name,
    withLedger: async (act) => {
      const again = await openLedger({ dir: ledgerDir(), io });
      await act(again, name);
      await again.close();
    },
  };
}
type Ledger = Awaited<ReturnType<typeof openLedger>>;

function specOf(name: string, owner: string, run: string): MachineSpec {
  const priceSource = { name: 'P', kind: 'live', at: '2026-01-01T00:00:00Z' } as const;
  return {
    name,
    owner,
    run,
    offer: {
      id: 'o',
      provider: 'p',
      instanceType: 't',
      region: 'r',
      zone: null,
      country: null,
      gpu,
      market: 'on-demand',
      priceUsdPerHour: 3600,
      priceSource,
      storageUsdPerGbMonth: null,
      egressUsdPerGb: null,
    } as MachineSpec['offer'],
    market: 'on-demand',
    sshPublicKeys: [],
    image: null,
    diskGb: 1,
    maxLifetimeS: 3600,
    expiresAt: '2026-01-01T01:00:00Z',
    bidUsdPerHour: null,
    workload: { kind: 'vm' },
    secrets: [],
  };
}

const status = async (dir: string) =>
  statusLines(await runsNow(io)(dir), { out: 'runs', now: io.now(), style, width: undefined }).join('\n');

it('a machine that gc ended after its run was killed is gone, since when and why', async () => {
  const { dir, name, withLedger } = await killed();
  const before = await status(dir);
  expect(before).toMatch(new RegExp(`${name} +ready`));
  expect(before).toContain(`may cost money: ${name}; end it with: bench gc`);
  await withLedger(async (ledger) => {
    await ledger.ending(name, 'gc: nobody works with it any more');
    await ledger.gone(name);
  });
  const after = await status(dir);
  expect(after).toMatch(new RegExp(`${name} +gone`));
  expect(after).toMatch(new RegExp(`${name} is gone since .* UTC \\(gc: nobody works with it any more\\)`));
  expect(after).not.toContain('may cost money');
  expect(after).toMatch(/^cost: \$/m);
});

it('one that was kept may cost money when its time is over', async () => {
  const { dir, name, withLedger } = await killed();
  const writer = await RunWriter.open(dir, io);
  const keep = async (until: string) => {
    await writer.event({ type: 'machine_kept', machine: 0, name, until });
    const holder: Holder = { kind: 'lease', until };
    await withLedger((ledger) => ledger.hold(name, holder));
  };
  await keep(new Date(io.now() + 3_600_000).toISOString());
  await writer.finish('done', 0, io.now());
  expect(await status(dir)).toMatch(/kept until [-0-9]+ [:0-9]+ /);
  expect(await status(dir)).not.toContain('may cost money');
  await keep('2026-01-01T00:00:00.000Z');
  await writer.close();
  expect(await status(dir)).toContain('kept until 2026-01-01 00:00, past');
  expect(await status(dir)).toContain(`may cost money: ${name}`);
});

it('says that the run stopped for what it may cost, until it goes on', async () => {
  const { dir } = await killed();
  const writer = await RunWriter.open(dir, io);
  await writer.event({ type: 'budget_reached', maxCostUsd: 5, spentUsd: 4.8, message: 'the run may cost $5.00: it has cost $4.80' });
  expect(await status(dir)).toContain('stopped: the run may cost $5.00: it has cost $4.80');
  await writer.event({ type: 'run_started', pid: 1, resumed: true });
  await writer.close();
  expect(await status(dir)).not.toContain('stopped:');
});

it('without a ledger it says what the journal says, and makes none', async () => {
  const { dir, name } = await killed();
  vi.stubEnv('XDG_STATE_HOME', join(root, 'elsewhere'));
  expect(await status(dir)).toContain(`not counted: ${name} is not known to be gone`);
  const { ledger, goneSince } = await runsNow(io)(dir);
  expect([ledger.size, goneSince]).toEqual([0, []]);
  const { access } = await import('node:fs/promises');
  await expect(access(join(root, 'elsewhere'))).rejects.toThrow('ENOENT');
});
