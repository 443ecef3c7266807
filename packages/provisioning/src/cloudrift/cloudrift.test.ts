import { createIo, type LogLevel } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { MachineSpec } from '../contract/machine.ts';
import type { Offer, OfferQuery } from '../contract/offer.ts';
import type { Provider } from '../contract/provider.ts';
import { openProviders } from '../core/open-providers.ts';
import { type FakeCloudrift, startFakeCloudrift } from '../testing/cloudrift/fake-cloudrift.ts';
import type { FakeCloudriftOptions } from '../testing/cloudrift/options.ts';
import { cloudrift } from './index.ts';

const KEY = 'rift_planted-key-1234567890';
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

interface Setup {
  fake: FakeCloudrift;
  provider: Provider;
  logs: { level: LogLevel; message: string }[];
  offer(instanceType: string, region?: string): Promise<Offer>;
}

async function setup(options: FakeCloudriftOptions = {}, settings: Record<string, unknown> = {}): Promise<Setup> {
  const fake = await startFakeCloudrift({ keys: [KEY], seed: 1, ...options });
  const logs: Setup['logs'] = [];
  const logger = { log: (level: LogLevel, message: string) => void logs.push({ level, message }) };
  const io = createIo({ env: { CLOUDRIFT_API_KEY: KEY, CLOUDRIFT_API_URL: fake.server.url }, logger });
  const providers = await openProviders({ factories: [cloudrift()], settings: { cloudrift: settings }, io });
  const { provider } = providers.get('cloudrift');
  open.push(providers, fake);
  return {
    fake,
    provider,
    logs,
    offer: async (instanceType, region) => {
      const found = (await offers(provider)).find((o) => o.instanceType === instanceType && (region === undefined || o.region === region));
      if (found === undefined) throw new Error(`no offer of ${instanceType}`);
      return found;
    },
  };
}

const QUERY: OfferQuery = { gpu: null, count: null, workload: 'vm', markets: ['on-demand'], regions: [], diskGb: 100, criteria: {} };
async function offers(provider: Provider, query: Partial<OfferQuery> = {}): Promise<Offer[]> {
  const found: Offer[] = [];
  for await (const offer of provider.offers({ ...QUERY, ...query })) found.push(offer);
  return found;
}

const specOf = (offer: Offer, more: Partial<MachineSpec> = {}): MachineSpec => ({
  name: 'bench-abcdef-r1a2b3c4d5-0',
  owner: 'abcdefghij',
  run: 'r1a2b3c4d5',
  offer,
  market: 'on-demand',
  sshPublicKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFak bench'],
  image: null,
  diskGb: 100,
  maxLifetimeS: 14_400,
  expiresAt: '2026-11-22T12:00:00.000Z',
  bidUsdPerHour: null,
  workload: { kind: 'vm' },
  secrets: [],
  ...more,
});

const create = (provider: Provider, spec: MachineSpec) => provider.create(spec, { idempotencyKey: 'k' });

/** Bodies as they went over the wire, byte for byte: the order of keys counts. */
const sent = ({ fake }: Setup, path: string): string[] =>
  fake.server.requests.filter((request) => request.path === `/api/v1/${path}`).map(({ text }) => text);

describe('requests, as the schemas of version 2026-05-26 have them', () => {
  it('rent', async () => {
    const s = await setup();
    await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1', 'us-east-nc-nr-1')));
    expect(sent(s, 'instances/rent')).toEqual([
      '{"version":"2026-05-26","data":{"selector":{"ByInstanceTypeAndLocation":{"instance_type":"rtx49-7-50-500-nr.1","datacenters":["us-east-nc-nr-1"]}},' +
        '"with_public_ip":true,"name":"bench-abcdef-r1a2b3c4d5-0","config":{"VirtualMachine":{"image_url":"https://images.example/ubuntu-noble-gpu.img",' +
        '"cloudinit_url":"https://images.example/base.cloudinit","ssh_key":{"PublicKeys":["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFak bench"]},' +
        '"ports":["22"]}}}}',
    ]);
    expect(s.fake.server.requests.map(({ method, headers }) => [method, headers['x-api-key']])).toEqual(
      s.fake.server.requests.map(() => ['POST', '[credential]']),
    );
  });

  it('rent for a team', async () => {
    const s = await setup({}, { team_id: 't-7' });
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
    await s.provider.find('bench-abcdef-r1a2b3c4d5-0');
    expect(JSON.parse(sent(s, 'instances/rent')[0] ?? '')).toMatchObject({ data: { team_id: 't-7' } });
    expect(sent(s, 'instances/list').at(-1)).toBe(
      '{"version":"2026-05-26","data":{"selector":{"ByStatus":{"statuses":["Initializing","Active","Failed","Deactivating"],"scope":{"Teams":["t-7"]}}},' +
        '"mask":{"with_connection_info":true,"with_usage_info":true}}}',
    );
    expect(ref.region).toBe('us-east-nc-nr-1');
  });

  it('offers, images, look, list, end, power, account', async () => {
    const s = await setup();
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
    await s.provider.observe([ref]);
    for await (const _ of s.provider.owned({})) break;
    await s.provider.stop?.(ref);
    await s.provider.start?.(ref);
    await s.provider.reboot?.(ref);
    await s.provider.terminate(ref);
    await s.provider.check();
    const v = '{"version":"2026-05-26","data":';
    const byId = `"selector":{"ById":["${ref.id}"]}`;
    expect(sent(s, 'instance-types/list')).toEqual([`${v}{"selector":{"ByServiceAndLocation":{"services":["vm"]}}}}`]);
    expect(sent(s, 'recipes/list')).toEqual([`${v}{}}`]);
    expect(sent(s, 'instances/list')).toEqual([
      `${v}{${byId},"mask":{"with_connection_info":true,"with_usage_info":true}}}`,
      `${v}{"selector":{"ByStatus":{"statuses":["Initializing","Active","Failed"]}},"mask":{"with_connection_info":true,"with_usage_info":true}}}`,
      `${v}{${byId},"mask":{"with_connection_info":true,"with_usage_info":true}}}`,
    ]);
    for (const path of ['stop', 'start', 'reset', 'terminate']) expect(sent(s, `instances/${path}`)).toEqual([`${v}{${byId}}}`]);
    expect([...sent(s, 'auth/me'), ...sent(s, 'account/info')]).toEqual([`${v}{}}`, `${v}{}}`]);
  });

  it('what plan shows is what create sends', async () => {
    const s = await setup({ misbehave: ['dated-versions-refused'] });
    const spec = specOf(await s.offer('h200-8-generic.8'));
    const [step] = s.provider.plan(spec);
    await create(s.provider, spec);
    expect(step).toMatchObject({ kind: 'http', method: 'POST', url: `${s.fake.server.url}/api/v1/instances/rent` });
    expect(JSON.stringify(step?.kind === 'http' ? step.body : null)).toBe(sent(s, 'instances/rent').at(-1));
  });
});

describe('offers', () => {
  it('are variants at datacenters with free nodes, in dollars for the whole machine; slices are none', async () => {
    const { provider } = await setup();
    const found = await offers(provider);
    expect(found.map(({ instanceType }) => instanceType).filter((name) => name.includes('mig'))).toEqual([]);
    expect(found.find(({ id }) => id === 'rtxpro6000-12-100-1500-nr.2@us-west-or-kn-1')).toMatchObject({
      region: 'us-west-or-kn-1',
      country: 'US',
      priceUsdPerHour: 2.7872,
      gpu: { id: 'RTXPRO6000-Server', name: 'RTX PRO 6000', vendor: 'nvidia', count: 2, memoryGb: 96 },
      publicIp: 'direct',
      market: 'on-demand',
      priceSource: { kind: 'live', name: 'CloudRift' },
    });
    expect(found.find(({ region }) => region === 'eu-north-fi-gv-1')).toMatchObject({ publicIp: 'mapped', country: null });
    expect(found.find(({ instanceType }) => instanceType === 'mi350x-15-250-1000-gv.8')?.gpu).toMatchObject({
      vendor: 'amd',
      id: 'MI350X',
    });
    // Each variant of a type takes of the same nodes: what is rented is offered no more.
    await create(provider, specOf(found.find(({ id }) => id === 'h200-8-generic.1@us-east-nc-nr-1')!));
    expect((await offers(provider, { gpu: 'H200', count: 8 })).map(({ region }) => region)).toEqual(['us-west-or-kn-1']);
  });

  it('of a workload or market that is not sold are none, and nothing is asked', async () => {
    const { provider, fake } = await setup();
    expect(await offers(provider, { workload: 'container' })).toEqual([]);
    expect(await offers(provider, { markets: ['spot'] })).toEqual([]);
    expect(fake.server.requests).toEqual([]);
  });

  it('a price of 0 is not known', async () => {
    const { provider } = await setup({
      types: [
        { name: 'free', brand_short: 'L40S', manufacturer: 'NVIDIA', vram: 48 * 1024 ** 3, cents: 0, counts: [1], nodes: { 'us-a': 1 } },
      ],
    });
    expect((await offers(provider)).map(({ priceUsdPerHour }) => priceUsdPerHour)).toEqual([null]);
  });
});

describe('images', () => {
  const imageOf = async (s: Setup, type: string, more: Partial<MachineSpec> = {}): Promise<string> => {
    await create(s.provider, specOf(await s.offer(type), more));
    const { data } = JSON.parse(sent(s, 'instances/rent').at(-1) ?? '') as {
      data: { config: { VirtualMachine: { image_url: string } } };
    };
    return data.config.VirtualMachine.image_url;
  };

  it('are the newest Ubuntu with the driver that the GPU needs', async () => {
    const s = await setup();
    expect(await imageOf(s, 'rtx59-16c-nr.1')).toBe('https://images.example/ubuntu-noble-gpu.img');
    expect(await imageOf(s, 'v100-5-85-800-generic.1')).toBe('https://images.example/ubuntu-noble-gpup.img');
    expect(await imageOf(s, 'mi350x-15-250-1000-gv.1')).toBe('https://images.example/ubuntu-noble-rocm.img');
  });

  it("are the user's own, for a machine or in the settings", async () => {
    const s = await setup({}, { images: { nvidia: 'https://mine.example/a.img' } });
    expect(await imageOf(s, 'rtx59-16c-nr.1')).toBe('https://mine.example/a.img');
    expect(await imageOf(s, 'rtx59-16c-nr.2', { image: 'https://mine.example/b.img' })).toBe('https://mine.example/b.img');
  });

  it('are known ones when the list cannot be had', async () => {
    const s = await setup();
    s.fake.server.fail({ match: /recipes/, how: { status: 404 } });
    expect(await imageOf(s, 'rtx49-7-50-500-nr.1')).toMatch(/server-gpu-580/);
    expect(await imageOf(s, 'v100-5-85-800-generic.1')).toMatch(/server-gpup-580/);
    expect(await imageOf(s, 'mi350x-15-250-1000-gv.1')).toMatch(/server-rocm-64/);
  });
});

describe('a machine', () => {
  it('runs only when it is active, has an address, has a map of ports and is ready', async () => {
    const s = await setup({ misbehave: ['late-ports', 'late-ready', 'status-200'], timeline: { activeMs: 1000, lateMs: 2000 } });
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
    const look = async () => (await s.provider.observe([ref])).get(ref.id);
    expect(await look()).toMatchObject({ state: 'provisioning', rawState: 'Initializing', connection: null });
    s.fake.server.clock.advance(1500);
    expect(await look()).toMatchObject({ state: 'provisioning', rawState: 'Active', connection: null, priceUsdPerHour: 0.39 });
    s.fake.server.clock.advance(2000);
    expect(await look()).toMatchObject({
      state: 'running',
      connection: { host: expect.stringMatching(/^192\.0\.2\./) as string, port: 22, user: 'riftuser' },
      owner: 'abcdef',
      run: 'r1a2b3c4d5',
    });
  });

  it('whose ports are mapped is reached by the outer one', async () => {
    const machines = {
      start: () => Promise.resolve({ host: '192.0.2.9', port: 42_022, user: 'riftuser', hostKey: null, end: () => Promise.resolve() }),
      close: () => Promise.resolve(),
    };
    const s = await setup({ machines });
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1', 'eu-north-fi-gv-1')));
    s.fake.server.clock.advance(60_000);
    expect((await s.provider.observe([ref])).get(ref.id)?.connection).toEqual({ host: '192.0.2.9', port: 42_022, user: 'riftuser' });
  });

  it('that failed says why in the words of the provider', async () => {
    const s = await setup({ tricks: { bootFailed: 1 } });
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
    s.fake.server.clock.advance(60_000);
    expect((await s.provider.observe([ref])).get(ref.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'VmBootFailed', message: 'The virtual machine did not boot' },
    });
    expect(await s.provider.terminate(ref)).toBe('gone');
  });

  it('is gone as soon as it deactivates, however long that takes, also when nothing is said of it', async () => {
    const s = await setup({ misbehave: ['stalled-deactivating', 'empty-terminated'] });
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
    expect(await s.provider.terminate(ref)).toBe('gone');
    expect(await s.provider.terminate(ref)).toBe('gone');
    expect((await s.provider.observe([ref])).get(ref.id)).toBeNull();
    expect(s.fake.truth().live).toEqual([]);
  });

  it('that cannot be seen yet is neither gone nor ended', async () => {
    const s = await setup({ misbehave: ['late-visible'] });
    const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
    expect((await s.provider.observe([ref])).has(ref.id)).toBe(false);
    expect(await s.provider.terminate(ref)).toBe('still-there');
    s.fake.server.clock.advance(1000);
    expect(await s.provider.terminate(ref)).toBe('gone');
    expect(s.fake.truth().live).toEqual([]);
  });

  it.each([{}, { data: null }, { data: {} }, { success: false, error: 'db_timeout' }])(
    'is not gone by an answer that has no list (%j)',
    async (body) => {
      const s = await setup();
      const { ref } = await create(s.provider, specOf(await s.offer('rtx49-7-50-500-nr.1')));
      s.fake.server.clock.advance(60_000);
      s.fake.server.fail({ match: /instances\/(list|terminate)/, how: { status: 200, body } });
      const collect = async () => {
        for await (const machine of s.provider.owned({})) expect(machine).toBeUndefined();
      };
      const calls = [() => s.provider.observe([ref]), () => s.provider.find(ref.name), () => s.provider.terminate(ref), collect];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ details: { kind: 'transient' } });
    },
  );

  it("of another owner, or of nobody's name, is not ours", async () => {
    const s = await setup();
    s.fake.foreign('bench-zzzzzz-r000000000-0');
    s.fake.foreign('somebody-elses');
    s.fake.foreign(null);
    await create(s.provider, specOf(await s.offer('l40s-24c-kn.1')));
    const names = async (filter: { owner?: string; run?: string }) => {
      const found: string[] = [];
      for await (const machine of s.provider.owned(filter)) found.push(machine.ref.name);
      return found.sort();
    };
    expect(await names({ owner: 'abcdefghij' })).toEqual(['bench-abcdef-r1a2b3c4d5-0']);
    expect(await names({})).toEqual(['bench-abcdef-r1a2b3c4d5-0', 'bench-zzzzzz-r000000000-0']);
    expect(await names({ run: 'r000000000' })).toEqual(['bench-zzzzzz-r000000000-0']);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['empty', 'capacity', 'offer'],
    ['notFound', 'capacity', 'offer'],
    ['mixed', 'capacity', 'offer'],
  ] as const)('a rent for which there is no node (%s) is a lack of capacity of this offer', async (trick, kind, scope) => {
    const s = await setup({ tricks: { [trick]: 1 } });
    const spec = specOf(await s.offer('rtx49-7-50-500-nr.1'));
    await expect(create(s.provider, spec)).rejects.toMatchObject({ details: { kind }, scope, exitCode: 4 });
    expect(s.fake.truth().live).toEqual([]);
    await expect(create(s.provider, spec)).resolves.toMatchObject({ state: 'provisioning' });
  });

  it.each([
    [500, 'insufficient funds', 'unknown-outcome'],
    [503, 'busy', 'unknown-outcome'],
    [400, 'insufficient funds', 'balance'],
  ] as const)('a rent that is answered with %i "%s" is: %s', async (status, body, kind) => {
    const s = await setup();
    const spec = specOf(await s.offer('rtx49-7-50-500-nr.1'));
    s.fake.server.fail({ match: /instances\/rent/, how: { status, body } });
    await expect(create(s.provider, spec)).rejects.toMatchObject({ details: { kind } });
  });

  it('a key that is refused names where it came from, and is shown nowhere', async () => {
    const s = await setup();
    s.fake.server.revoke(KEY);
    const error: unknown = await s.provider.find('bench-abcdef-r1a2b3c4d5-0').catch((e: unknown) => e);
    expect(error).toMatchObject({ details: { kind: 'auth' }, scope: 'provider' });
    expect((error as { hint: string }).hint).toContain('CLOUDRIFT_API_KEY');
    const report = await s.provider.check();
    expect(report.items).toMatchObject([{ name: 'credentials', state: 'failed' }]);
    expect(JSON.stringify([report, s.logs, error])).not.toContain(KEY);
  });

  it('check tells who it is and what money there is', async () => {
    const rich = await setup({ balanceCents: 1250 });
    expect((await rich.provider.check()).items).toEqual([
      { name: 'credentials', state: 'ok', text: 'ada@example.org' },
      { name: 'balance', state: 'ok', text: '12.50 USD' },
    ]);
    const poor = await setup({ balanceCents: 0 });
    expect((await poor.provider.check()).items[1]).toMatchObject({ name: 'balance', state: 'failed', text: '0.00 USD' });
    await expect(create(poor.provider, specOf(await poor.offer('rtx49-7-50-500-nr.1')))).rejects.toMatchObject({
      details: { kind: 'balance' },
    });
  });

  it('a version that is refused is replaced by the newest, once, with a warning', async () => {
    const s = await setup({ misbehave: ['dated-versions-refused'] });
    await offers(s.provider);
    await offers(s.provider);
    expect(sent(s, 'instance-types/list').map((text) => (JSON.parse(text) as { version: string }).version)).toEqual([
      '2026-05-26',
      '~upcoming',
      '~upcoming',
    ]);
    expect(s.logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringContaining('refuses version 2026-05-26') as string,
    ]);
  });

  it('without a key the provider is not set up, and says which variable is looked at', async () => {
    const providers = await openProviders({ factories: [cloudrift()], settings: {}, io: createIo({ env: {} }) });
    expect(providers.closed).toMatchObject([{ name: 'cloudrift', reason: expect.stringContaining('CLOUDRIFT_TOKEN') as string }]);
    const token = await openProviders({ factories: [cloudrift()], settings: {}, io: createIo({ env: { CLOUDRIFT_TOKEN: KEY } }) });
    expect(token.list).toHaveLength(1);
    await providers.close();
    await token.close();
  });
});
