import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { openLedger } from '@bench/provisioning';
import { RunWriter } from '@bench/results';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { gc } from './gc.ts';

let root = '';
let told = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-cli-gc-'));
  vi.stubEnv('XDG_STATE_HOME', root);
  vi.stubEnv('HOME', root);
  told = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((told += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

/** A login host that refuses connections. */
async function closedLogin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `me@127.0.0.1:${port}`;
}

/** A job in the ledger, of a run whose process is gone. */
async function jobAt(login: string): Promise<string> {
  const io = createIo();
  const batch = { login, maxWorkers: 1, keepS: 60 };
  const asked = { recipes: [], site: `slurm:${login}`, filter: [], seed: 1, batch };
  const writer = await RunWriter.create({ root: join(root, 'runs'), asked, tasks: [], tools: {} }, io);
  const { id } = writer.run;
  await writer.close();
  const self = { kind: 'process', pid: 2 ** 30, start: '1', bootId: null, machineId: null } as const;
  const ledger = await openLedger({ dir: join(root, 'bench', 'ledger'), io, self });
  const offer = {
    id: 'gpu',
    provider: 'slurm',
    instanceType: 'gpu',
    region: 'gpu',
    zone: null,
    gpu: { id: 'A100', name: 'a100', vendor: 'nvidia', count: 1, memoryGb: 40, formFactor: null },
    priceUsdPerHour: null,
    storageUsdPerGbMonth: null,
    priceSource: { kind: 'user', name: 'slurm', at: '2026-01-01T00:00:00.000Z' },
    market: 'on-demand',
  };
  const { spec } = await ledger.intent({
    runDir: writer.dir,
    account: `me on ${login}`,
    spec: (name) =>
      ({
        name,
        owner: ledger.owner,
        run: id,
        offer,
        market: 'on-demand',
        sshPublicKeys: [],
        image: null,
        diskGb: 0,
        maxLifetimeS: 60,
        expiresAt: new Date(0).toISOString(),
        bidUsdPerHour: null,
        workload: { kind: 'batch', script: '#!/bin/bash\n' },
        secrets: [],
      }) as never,
  });
  await ledger.created(spec.name, { provider: 'slurm', id: '7', name: spec.name, region: null, zone: null });
  await ledger.close();
  return spec.name;
}

it('goes to each login host that has jobs, and says which could not be reached', async () => {
  const config = join(root, 'bench.yaml');
  await writeFile(config, '{}\n');
  const [one, other] = [await closedLogin(), await closedLogin()];
  const names = [await jobAt(one), await jobAt(other)];
  expect(await gc({ json: true, config })).toBe(6);
  const { unresolved } = JSON.parse(told) as { unresolved: { name: string | null; problem: string }[] };
  for (const [i, login] of [one, other].entries()) {
    const port = login.split(':')[1] ?? '';
    expect(unresolved.filter(({ name }) => name === names[i])).toEqual([
      expect.objectContaining({ problem: expect.stringContaining(port) as string }),
    ]);
    expect(unresolved.filter(({ name, problem }) => name === null && problem.includes(port))).toHaveLength(1);
  }
  expect(unresolved).toHaveLength(4);
}, 60_000);
