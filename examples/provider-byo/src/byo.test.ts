import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { generateKeyPair } from '@bench/host';
import { type MachineSpec, openProviders, type Provider, providerErrorKind } from '@bench/provisioning';
import { inProcessMachines, providerConformance } from '@bench/provisioning/testing';
import { afterAll, describe, expect, it } from 'vitest';
import plugin, { byo } from './index.ts';
import { CLAIM } from './scripts.ts';

/** Two hosts that answer on SSH, and settings that name them. */
async function world() {
  const root = await mkdtemp(join(tmpdir(), 'byo-'));
  const key = generateKeyPair();
  const keyFile = join(root, 'key');
  await writeFile(keyFile, key.privateKey, { mode: 0o600 });
  const machines = inProcessMachines({ root: join(root, 'machines') });
  const start = (id: string) =>
    machines.start({
      id,
      name: id,
      user: 'ann',
      publicKeys: [key.publicKey],
      image: null,
      gpus: [{ name: 'NVIDIA H200', memoryMiB: 143_771 }],
    });
  const hosts = [await start('gpu1'), await start('gpu2')];
  const home = (n: number) => join(root, 'machines', `gpu${n + 1}`, 'home');
  const settings = {
    hosts: hosts.map(({ host, port, user }, n) => ({
      host,
      port,
      user,
      key: keyFile,
      gpu: 'H200',
      count: 1,
      ...(n === 0 ? { price: 2.5 } : {}),
    })),
  };
  return { settings, hosts, home, close: () => machines.close() };
}
type World = Awaited<ReturnType<typeof world>>;

const shared = await world();

describe('what every provider promises', () => {
  afterAll(() => shared.close());
  const cases = providerConformance({
    factory: byo,
    prepare: () => ({ settings: shared.settings }),
    unknownId: `ann@127.0.0.1:${shared.hosts[0]?.port}/bench-aaaaaa-rnone-0`,
    // An offer is one machine.
    many: 1,
  });
  // It rents one offer three times, and an offer here is one machine.
  const unfit = 'observe: many at once, those that are gone too';
  it.each(cases.filter(({ name, skipped }) => skipped === null && name !== unfit))('$name', ({ run }) => run(), 60_000);
  it('is tried on all that needs no fake of a cloud', () => {
    const left = new Set(cases.flatMap(({ skipped }) => skipped ?? []));
    expect([...left].filter((reason) => !reason.startsWith('needs the hook ')).toSorted()).toEqual([
      'capabilities.logs is false',
      'capabilities.stopStart is false',
      "machines of one's own have no account",
      'there is one market',
    ]);
  });
});

describe('claims', () => {
  const spec = (provider: { offer: MachineSpec['offer'] }, more: Partial<MachineSpec> = {}): MachineSpec => ({
    name: 'bench-aaaaaa-r1-0',
    owner: 'aaaaaabbbb',
    run: 'r1',
    offer: provider.offer,
    market: 'on-demand',
    sshPublicKeys: ['ssh-ed25519 AAAAKEY'],
    image: null,
    diskGb: 50,
    maxLifetimeS: 3600,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    bidUsdPerHour: null,
    workload: { kind: 'vm' },
    secrets: [],
    ...more,
  });
  const opened = async (w: World) => {
    const providers = await openProviders({ factories: plugin.providers, settings: { byo: w.settings }, io: createIo() });
    const { provider } = providers.get('byo');
    const offers = [];
    for await (const offer of provider.offers({
      gpu: 'H200',
      count: 1,
      workload: 'vm',
      markets: ['on-demand'],
      regions: [],
      diskGb: 50,
      criteria: {},
    }))
      offers.push(offer);
    return { providers, provider, offers };
  };
  const create = (provider: Provider, s: MachineSpec) => provider.create(s, { idempotencyKey: s.name });
  const authorized = (w: World) => readFile(join(w.home(0), '.ssh/authorized_keys'), 'utf8').catch(() => '');

  it('keep a host from a second user, bring the key of the first, and take only that away again', async () => {
    const w = await world();
    const { providers, provider, offers } = await opened(w);
    try {
      expect(offers.map((o) => [o.gpu?.id, o.gpu?.memoryGb, o.priceUsdPerHour])).toEqual([
        ['H200', 141, 2.5],
        ['H200', 141, null],
      ]);
      const offer = offers[0] as MachineSpec['offer'];
      const own = await create(provider, spec({ offer }));
      expect(own).toMatchObject({ state: 'running', connection: { host: '127.0.0.1', user: 'ann' }, owner: 'aaaaaabbbb', run: 'r1' });
      expect(await authorized(w)).toBe('ssh-ed25519 AAAAKEY bench-aaaaaa-r1-0\n');
      const theirs = spec({ offer }, { name: 'bench-cccccc-r2-10', owner: 'ccccccdddd', run: 'r2' });
      const refused = await create(provider, theirs).then(
        () => null,
        (error: unknown) => error,
      );
      expect(providerErrorKind(refused)).toBe('capacity');
      expect((refused as Error).message).toContain('is claimed by bench-aaaaaa-r1-0 until');
      // Somebody else's release changes nothing.
      await provider.terminate({ ...own.ref, id: own.ref.id.replace('aaaaaa-r1-0', 'cccccc-r2-10'), name: theirs.name });
      expect(await provider.find('bench-aaaaaa-r1-0')).not.toBeNull();
      expect(await provider.terminate(own.ref)).toBe('gone');
      expect(await authorized(w)).toBe('');
      expect((await provider.observe([own.ref])).get(own.ref.id)).toBeNull();
      expect((await create(provider, theirs)).ref.name).toBe(theirs.name);
    } finally {
      await providers.close();
      await w.close();
    }
  });

  it('that have expired are taken over', async () => {
    const w = await world();
    const { providers, provider, offers } = await opened(w);
    try {
      const offer = offers[0] as MachineSpec['offer'];
      await create(provider, spec({ offer }, { maxLifetimeS: 0 }));
      const next = spec({ offer }, { name: 'bench-cccccc-r2-0', owner: 'ccccccdddd', run: 'r2', sshPublicKeys: ['ssh-ed25519 AAAAOTHER'] });
      expect((await create(provider, next)).owner).toBe('ccccccdddd');
      expect(await authorized(w)).toBe('ssh-ed25519 AAAAOTHER bench-cccccc-r2-0\n');
    } finally {
      await providers.close();
      await w.close();
    }
  });

  it('last as long as they may by the clock of their host: that of this computer may be wrong', async () => {
    const w = await world();
    const { providers, provider, offers } = await opened(w);
    try {
      const offer = offers[0] as MachineSpec['offer'];
      // As of a computer whose clock is two hours behind.
      await create(provider, spec({ offer }, { expiresAt: new Date(Date.now() - 3_600_000).toISOString() }));
      const next = spec({ offer }, { name: 'bench-cccccc-r2-0', owner: 'ccccccdddd', run: 'r2' });
      const refused = await create(provider, next).catch((error: unknown) => error);
      expect(providerErrorKind(refused)).toBe('capacity');
    } finally {
      await providers.close();
      await w.close();
    }
  });

  it('change the keys of a host as a whole: the file that is there is never written to', async () => {
    const w = await world();
    const { providers, provider, offers } = await opened(w);
    try {
      const keys = join(w.home(0), '.ssh/authorized_keys');
      await mkdir(join(w.home(0), '.ssh'), { recursive: true });
      await writeFile(keys, 'ssh-ed25519 AAAAOWN me@home', { mode: 0o640 });
      await chmod(keys, 0o600);
      await link(keys, `${keys}.before`);
      const { ref } = await create(provider, spec({ offer: offers[0] as MachineSpec['offer'] }));
      expect(await readFile(keys, 'utf8')).toBe('ssh-ed25519 AAAAOWN me@home\nssh-ed25519 AAAAKEY bench-aaaaaa-r1-0\n');
      expect(await readFile(`${keys}.before`, 'utf8')).toBe('ssh-ed25519 AAAAOWN me@home');
      await provider.terminate(ref);
      expect(await readFile(keys, 'utf8')).toBe('ssh-ed25519 AAAAOWN me@home\n');
      expect((await stat(keys)).mode & 0o777).toBe(0o600);
      expect((await readdir(join(w.home(0), '.ssh'))).toSorted()).toEqual(['authorized_keys', 'authorized_keys.before']);
    } finally {
      await providers.close();
      await w.close();
    }
  });

  it('leave the keys of a host as they are where they cannot be written whole', async () => {
    const home = await mkdtemp(join(tmpdir(), 'byo-full-'));
    const keys = join(home, '.ssh/authorized_keys');
    const own = `${'# a line of somebody\n'.repeat(1000)}ssh-ed25519 AAAAOWN me@home\n`;
    await mkdir(join(home, '.ssh'));
    await writeFile(keys, own);
    // No file may be longer than 4 KiB: it is as if the disk were full.
    const small = ['-c', `trap '' XFSZ; ulimit -f 8; exec sh -s -- "$@"`, 'sh'];
    const args = ['~/claims', 'bench-aaaaaa-r1-0', 'aaaaaabbbb', 'r1', '3600', '2026-01-01T00:00:00Z', 'ssh-ed25519 AAAAKEY'];
    const sh = spawn('sh', [...small, ...args], { env: { ...process.env, HOME: home }, stdio: ['pipe', 'ignore', 'pipe'] });
    sh.stdin.end(CLAIM);
    let said = '';
    sh.stderr.on('data', (data) => (said += String(data)));
    const [code] = (await once(sh, 'close')) as [number];
    expect(code, said).toBe(1);
    expect(said).toContain('authorized_keys cannot be written');
    expect(await readFile(keys, 'utf8')).toBe(own);
    expect(await readdir(join(home, '.ssh'))).toEqual(['authorized_keys']);
  });

  it('on a host that is away are not taken for gone: only one that is found elsewhere is certain, and a list is not whole', async () => {
    const w = await world();
    const { providers, provider, offers } = await opened(w);
    try {
      const { ref } = await create(provider, spec({ offer: offers[0] as MachineSpec['offer'] }));
      const other = await create(provider, spec({ offer: offers[1] as MachineSpec['offer'] }, { name: 'bench-aaaaaa-r1-1' }));
      expect(await provider.find('bench-aaaaaa-r1-9')).toBeNull();
      await w.hosts[0]?.off?.();
      const listed: string[] = [];
      const list = async () => {
        for await (const machine of provider.owned({})) listed.push(machine.ref.name);
      };
      const [seen, found, missed, part] = await Promise.allSettled([
        provider.observe([ref, other.ref]),
        provider.find(other.ref.name),
        provider.find(ref.name),
        list(),
      ]);
      expect(seen.status === 'fulfilled' && [...seen.value.keys()]).toEqual([other.ref.id]);
      expect(found).toMatchObject({ value: { ref: other.ref } });
      for (const failed of [missed, part]) expect(failed.status === 'rejected' && providerErrorKind(failed.reason)).toBe('transient');
      expect(listed).toEqual(['bench-aaaaaa-r1-1']);
      await provider.terminate(other.ref);
      expect((await provider.observe([other.ref])).get(other.ref.id)).toBeNull();
    } finally {
      await providers.close();
      await w.close();
    }
  }, 120_000);
});
