import { createIo, type Io } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MachineSpec, type Offer, type OfferQuery, openProviders, type Provider, providerErrorKind } from '../index.ts';
import { type FakeVast, type FakeVastOptions, startFakeVast } from '../testing/index.ts';
import { vast } from './index.ts';

const KEY = 'planted-account-key-5f2a9c';
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlantedPublicKeyOfTheLedger0123456789 bench';

let fake: FakeVast;
let provider: Provider;
let io: Io;
let lines: string[];

/** Time passes where somebody sleeps, and only there: for the fake and the adapter alike. */
async function open(options: FakeVastOptions = {}, settings: Record<string, unknown> = {}): Promise<void> {
  fake = await startFakeVast({ keys: [KEY], misbehave: ['intervals'], ...options });
  lines = [];
  const real = createIo({
    env: { VAST_API_KEY: KEY, VAST_URL: fake.server.url },
    logger: { log: (...entry) => void lines.push(JSON.stringify(entry)) },
  });
  io = {
    ...real,
    monotonic: () => fake.server.clock.now(),
    now: () => fake.server.clock.now(),
    sleep: async (ms) => {
      fake.server.clock.advance(ms);
      await new Promise(setImmediate);
    },
  };
  const opened = await openProviders({ factories: [vast()], settings: { vast: settings }, io });
  provider = opened.get('vast').provider;
}

beforeEach(() => open());
afterEach(() => fake.close());

const query = (over: Partial<OfferQuery> = {}): OfferQuery => ({
  gpu: 'RTX4090',
  count: 1,
  workload: 'container',
  markets: ['on-demand'],
  regions: [],
  diskGb: 100,
  criteria: {},
  ...over,
});

async function offers(over: Partial<OfferQuery> = {}): Promise<Offer[]> {
  return all(provider.offers(query(over)));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

const spec = (offer: Offer, over: Partial<MachineSpec> = {}): MachineSpec => ({
  name: 'bench-abc123-r0test-0',
  owner: 'abc123def456',
  run: 'r0test',
  offer,
  market: offer.market,
  sshPublicKeys: [],
  image: null,
  diskGb: 100,
  maxLifetimeS: 3600,
  expiresAt: '2026-11-22T12:00:00.000Z',
  bidUsdPerHour: null,
  workload: {
    kind: 'container',
    image: 'vllm/vllm-openai:latest',
    entrypoint: null,
    args: ['--model', 'org/m', '--port', '8000'],
    env: { HF_TOKEN: 'hf_plantedtoken0123456789' },
    ports: [8000],
  },
  secrets: ['hf_plantedtoken0123456789'],
  ...over,
});
const vm = (offer: Offer): MachineSpec => spec(offer, { workload: { kind: 'vm' }, sshPublicKeys: [PUBLIC_KEY], secrets: [] });

const create = (s: MachineSpec) => provider.create(s, { idempotencyKey: 'k' });
const bodies = (method: string, path: RegExp) =>
  fake.server.requests.filter((r) => r.method === method && path.test(r.path)).map((r) => r.body);

async function first(over: Partial<OfferQuery> = {}): Promise<Offer> {
  return (await offers(over)).find(({ priceUsdPerHour }) => priceUsdPerHour !== null) as Offer;
}

/** As the core does it: looks until it is in this state. */
async function until(id: string, state: string) {
  for (let i = 0; i < 50; i++) {
    const machine = (await provider.observe([{ provider: 'vast', id, name: '', region: null, zone: null }])).get(id);
    if ((machine?.state ?? 'gone') === state) return machine ?? null;
  }
  throw new Error(`not ${state}`);
}

describe('offers', () => {
  it('are those that are good enough, cheapest first, with the disk in the price', async () => {
    const found = await offers();
    expect(found.map(({ id }) => id)).toEqual(['101', '102', '103', '104', '110'].sort((a, b) => priceOf(a, found) - priceOf(b, found)));
    expect(bodies('POST', /bundles/)).toEqual([
      {
        rentable: { eq: true },
        rented: { eq: false },
        external: { eq: false },
        verified: { eq: true },
        gpu_name: { in: ['NVIDIA GeForce RTX 4090', 'RTX 4090'] },
        num_gpus: { eq: 1 },
        reliability2: { gte: 0.9 },
        direct_port_count: { gte: 1 },
        inet_down: { gte: 128 },
        cuda_max_good: { gte: 12.8 },
        compute_cap: { gte: 600 },
        disk_space: { gte: 100 },
        type: 'on-demand',
        order: [['dph_total', 'asc']],
        limit: 500,
        allocated_storage: 100,
      },
    ]);
    expect(found.find(({ id }) => id === '102')).toMatchObject({
      provider: 'vast',
      instanceType: '1x RTX 4090',
      region: 'US',
      zone: 'California, US',
      country: 'US',
      gpu: { id: 'RTX4090', vendor: 'nvidia', count: 1, memoryGb: 24 },
      cpus: 16,
      memoryGb: 64,
      market: 'on-demand',
      workloads: ['container', 'vm'],
      storageUsdPerGbMonth: 0.15,
      egressUsdPerGb: 0.01,
      priceSource: { kind: 'live', name: 'vast.ai' },
      cudaVersion: '13.0',
      verified: true,
      publicIp: 'mapped',
    });
    expect(found.find(({ id }) => id === '102')?.priceUsdPerHour).toBeCloseTo(0.41 + (0.15 * 100) / 720, 6);
    expect(Date.parse(found[1]?.rentableUntil ?? '')).toBeGreaterThan(fake.server.clock.now() + 29 * 86_400_000);
    // Without a price is not free.
    expect(found.find(({ id }) => id === '110')).toMatchObject({ priceUsdPerHour: null, region: 'unknown', country: null });
  });

  it('of a family are all of its kinds, told apart by memory and form', async () => {
    const ids = async (gpu: string) => (await offers({ gpu })).map((o) => [o.id, o.gpu?.id]);
    expect(await ids('A100')).toEqual([
      ['402', 'A100-40GB'],
      ['401', 'A100-80GB'],
    ]);
    expect(await ids('H100-PCIe')).toEqual([['303', 'H100-PCIe']]);
    expect(await ids('RTX6000Ada')).toEqual([['404', 'RTX6000Ada']]);
    expect(await ids('RTXPRO6000')).toEqual([['403', 'RTXPRO6000-Workstation']]);
  });

  it('obey criteria, places, count and workload', async () => {
    const ids = async (over: Partial<OfferQuery>) => (await offers(over)).map(({ id }) => id);
    expect(await ids({ workload: 'vm' })).toEqual(['102', '103']);
    expect(await ids({ count: 2 })).toEqual(['105']);
    expect(await ids({ regions: ['us'] })).toEqual(['102', '104']);
    expect(await ids({ criteria: { notCountries: ['US', 'SE'] } })).toEqual(['110', '103']);
    expect(await ids({ criteria: { minReliability: 0.98, minCpus: 8, countries: ['CA', 'US'] } })).toEqual(['102']);
    expect(await ids({ workload: 'batch' })).toEqual([]);
    expect(await ids({ markets: ['flex'] })).toEqual([]);
  });

  it('may be worse when the settings say so', async () => {
    await fake.close();
    await open({}, { quality: { verified: false, min_reliability: 0.5, min_cuda: 12 } });
    expect((await offers()).map(({ id }) => id)).toEqual(expect.arrayContaining(['106', '107', '109']));
    expect((await offers({ criteria: { verified: true } })).map(({ id }) => id)).not.toContain('107');
  });

  it('of the spot market are priced by the bid that would be made', async () => {
    const spot = await offers({ markets: ['on-demand', 'spot'], gpu: 'H200' });
    expect(spot.map(({ id, market }) => [id, market])).toEqual([
      ['201', 'on-demand'],
      ['202', 'on-demand'],
      ['201-bid', 'spot'],
      ['202-bid', 'spot'],
    ]);
    expect(spot[2]?.data).toEqual({ ask: 201, minBid: 1.5, bid: 1.65 });
    expect(spot[2]?.priceUsdPerHour).toBeCloseTo(1.65 + (0.15 * 100) / 720, 6);
  });

  const priceOf = (id: string, found: Offer[]) => found.findIndex((o) => o.id === id);
});

describe('a container', () => {
  it('is asked for as documented, and shown so without its secrets', async () => {
    const offer = await first();
    const wanted = spec(offer);
    const body = {
      client_id: 'me',
      label: 'bench-abc123-r0test-0',
      disk: 100,
      image: 'vllm/vllm-openai:latest',
      runtype: 'args',
      env: { HF_TOKEN: 'hf_plantedtoken0123456789', '-p 8000:8000': '1' },
      args: ['--model', 'org/m', '--port', '8000'],
      target_state: 'running',
      cancel_unavail: true,
    };
    expect(provider.plan(wanted)).toEqual([
      {
        kind: 'http',
        description: `rent 1x RTX 4090 as ${wanted.name}`,
        method: 'PUT',
        url: `${fake.server.url}/api/v0/asks/${offer.id}/`,
        body: { ...body, env: { HF_TOKEN: '***', '-p 8000:8000': '1' } },
      },
    ]);
    await create(wanted);
    expect(bodies('PUT', /asks/)).toEqual([body]);
    expect(bodies('POST', /ssh/)).toEqual([]);
  });

  it('is shown without its secrets in any spelling, and without those that nobody named', async () => {
    const offer = await first();
    const odd = 'plan"ted/secret+value';
    const workload = {
      kind: 'container',
      image: 'i',
      entrypoint: ['sh'],
      args: [JSON.stringify({ key: odd }), `https://h/?k=${encodeURIComponent(odd)}`, Buffer.from(odd).toString('base64')],
      env: { WANDB_API_KEY: 'nobody-named-this-one' },
      ports: [],
    } as const;
    const shown = JSON.stringify(provider.plan(spec(offer, { workload, secrets: [odd] })));
    expect(shown).toContain('***');
    for (const text of ['ted/secret', encodeURIComponent(odd), Buffer.from(odd).toString('base64'), 'nobody-named-this-one']) {
      expect(shown).not.toContain(text);
    }
  });

  it('with an entrypoint of its own is started by its first word', async () => {
    const offer = await first();
    const workload = {
      kind: 'container',
      image: 'i',
      entrypoint: ['python3', '-m', 'server'],
      args: ['--x'],
      env: {},
      ports: [30000],
    } as const;
    await create(spec(offer, { workload, diskGb: 1.5 }));
    expect(bodies('PUT', /asks/)[0]).toMatchObject({
      onstart: 'python3',
      args: ['-m', 'server', '--x'],
      disk: 8,
      env: { '-p 30000:30000': '1' },
    });
  });

  it('runs when its ports are told, is found by its name, and is gone after it was ended, twice', async () => {
    const offer = await first();
    const { ref, state } = await create(spec(offer));
    expect(state).toBe('provisioning');
    expect((await provider.observe([ref])).get(ref.id)).toMatchObject({ state: 'provisioning', connection: null, published: [] });
    const machine = await until(ref.id, 'running');
    expect(machine).toMatchObject({
      connection: null,
      published: [{ port: 8000, host: '192.0.2.77', publicPort: 8000 }],
      owner: 'abc123',
      run: 'r0test',
      market: 'on-demand',
      workload: 'container',
      preempted: false,
      priceSource: { kind: 'live' },
    });
    expect(await provider.find('bench-abc123-r0test-0')).toMatchObject({ ref: { id: ref.id } });
    expect(await provider.find('bench-abc123-r0test-1')).toBeNull();
    expect(await provider.terminate(ref)).toBe('accepted');
    expect((await provider.observe([ref])).get(ref.id)).toBeNull();
    expect(await provider.terminate(ref)).toBe('gone');
    expect(await provider.find('bench-abc123-r0test-0')).toBeNull();
    expect(fake.instances()).toEqual([]);
  });

  it('that cannot be started fails at once, in the words of its host', async () => {
    fake.tricks.oci = 1;
    const { ref } = await create(spec(await first()));
    const machine = await until(ref.id, 'failed');
    expect(machine?.failure?.message).toMatch(/OCI runtime create failed/);
    expect(fake.instances()).toHaveLength(1);
  });

  it('that was outbid is preempted, one that was stopped is not', async () => {
    const bid = await create(spec(await first({ markets: ['spot'] })));
    expect(bodies('PUT', /asks/)[0]).toMatchObject({ price: 0.209 });
    await until(bid.ref.id, 'running');
    fake.outbid('bench-abc123-r0test-0');
    expect(await until(bid.ref.id, 'stopped')).toMatchObject({ preempted: true, market: 'spot', stateReason: 'outbid: paused' });
    const other = await create(spec(await first({ markets: ['spot'] }), { name: 'bench-abc123-r0test-1' }));
    await until(other.ref.id, 'running');
    await provider.stop?.(other.ref);
    expect(await until(other.ref.id, 'stopped')).toMatchObject({ preempted: false });
    await provider.start?.(other.ref);
    await until(other.ref.id, 'running');
  });
});

describe('a virtual machine', () => {
  it('is asked for with its image, once its key is in the account', async () => {
    const offer = await first({ workload: 'vm' });
    const { ref } = await create(vm(offer));
    expect(bodies('POST', /ssh/)).toEqual([{ ssh_key: PUBLIC_KEY }]);
    expect(bodies('PUT', /asks/)[0]).toMatchObject({
      vm: true,
      image: 'docker.io/vastai/kvm:ubuntu_terminal',
      runtype: 'ssh_direct',
      env: {},
    });
    expect(provider.plan(vm(offer)).map((step) => step.kind === 'http' && step.url)).toEqual([
      `${fake.server.url}/api/v0/ssh/`,
      `${fake.server.url}/api/v0/asks/102/`,
    ]);
    // Never by way of the seller's proxy, whose address is there long before.
    const machine = await until(ref.id, 'running');
    expect(machine).toMatchObject({ connection: { host: '192.0.2.1', port: 22, user: 'root' }, published: [], workload: 'vm' });
    await create({ ...vm(await first({ workload: 'vm' })), name: 'bench-abc123-r0test-1' });
    expect(bodies('POST', /ssh/)).toHaveLength(1);
  });

  it('can end itself by a key that can do nothing else, which is masked', async () => {
    const { ref } = await create(vm(await first({ workload: 'vm' })));
    const order = provider.selfDestruct?.(ref);
    expect(order).toMatchObject({ method: 'DELETE', url: `${fake.server.url}/api/v0/instances/${ref.id}/` });
    const key = order?.headers['authorization']?.slice('Bearer '.length) ?? '';
    expect(key).toContain('instance-key');
    expect(io.redact(`x ${key} x`)).toBe('x *** x');
    expect((await fetch(`${fake.server.url}/api/v0/users/current/`, { headers: order?.headers ?? {} })).status).toBe(401);
    fake.server.clock.advance(60_000);
    expect((await fetch(order?.url ?? '', { method: 'DELETE', headers: order?.headers ?? {} })).status).toBe(200);
    expect((await provider.observe([ref])).get(ref.id)).toBeNull();
    // Whoever takes a run over does without.
    expect(provider.selfDestruct?.({ ...ref, id: '1' })).toBeNull();
  });
});

describe('what fails', () => {
  const failure = async (promise: Promise<unknown>) => {
    try {
      await promise;
    } catch (error) {
      const { scope, details } = error as { scope?: string; details?: { ref?: unknown } };
      return { kind: providerErrorKind(error), scope, ref: details?.ref, message: (error as Error).message };
    }
    throw new Error('nothing failed');
  };

  it('an offer that was taken is capacity of that offer', async () => {
    const offer = await first();
    fake.tricks.taken = 1;
    expect(await failure(create(spec(offer)))).toMatchObject({ kind: 'capacity', scope: 'offer', ref: undefined });
    // Now it is not even known any more.
    expect(await failure(create(spec(offer)))).toMatchObject({ kind: 'capacity', scope: 'offer' });
    expect(fake.made).toEqual([]);
  });

  it.each([['failedBid'], ['failedBidOk']] as const)('an error with a machine (%s) names the machine', async (trick) => {
    const offer = await first({ markets: ['spot'] });
    fake.tricks[trick] = 1;
    const { kind, ref } = await failure(create(spec(offer)));
    expect({ kind, ref }).toEqual({
      kind: 'capacity',
      ref: { provider: 'vast', id: '20000001', name: 'bench-abc123-r0test-0', region: 'SE', zone: 'Sweden, SE' },
    });
    expect(fake.instances()).toHaveLength(1);
    await provider.terminate(ref as never);
    expect(fake.instances()).toEqual([]);
  });

  it('so does one of a machine on demand, which is not a fault of the request', async () => {
    fake.tricks.failedBid = 1;
    expect(await failure(create(spec(await first())))).toMatchObject({ kind: 'failed', scope: 'offer', ref: { id: '20000001' } });
  });

  it('a bid below the lowest is not even sent; one that has become too low is capacity', async () => {
    const offer = await first({ markets: ['spot'] });
    expect(await failure(create(spec(offer, { bidUsdPerHour: 0.01 })))).toMatchObject({ kind: 'capacity', scope: 'offer' });
    expect(bodies('PUT', /asks/)).toEqual([]);
    const stale = { ...offer, data: { ask: 101, minBid: 0.01, bid: 0.011 } };
    expect(await failure(create(spec(stale)))).toMatchObject({ kind: 'capacity', scope: 'offer' });
  });

  it.each([
    [500, 'bid accepted, host did not answer', 'unknown-outcome'],
    [503, 'API requests too frequent', 'unknown-outcome'],
    [502, { success: false, error: 'no_such_ask', msg: 'no longer available' }, 'unknown-outcome'],
    [500, { success: false, error: 'insufficient_credit', msg: 'no credit' }, 'unknown-outcome'],
    [200, { success: false, error: 'db_timeout' }, 'unknown-outcome'],
    [200, { success: false, error: 'host_error', msg: 'bid accepted, host did not answer' }, 'unknown-outcome'],
    [400, { success: false, error: 'invalid_price', msg: 'it did not win' }, 'capacity'],
    [400, 'your bid must be at least the lowest', 'request'],
    [400, 'bid 0.1 below 0.2', 'capacity'],
    [403, 'Forbidden', 'auth'],
    [401, 'Forbidden: bid too low', 'auth'],
    [403, 'too frequent', 'auth'],
  ] as const)('a bid that is answered with %i %j is sent once, and is: %s', async (status, body, kind) => {
    const offer = await first({ markets: ['spot'] });
    fake.server.fail({ match: /PUT .*asks/, how: { status, body } });
    expect(await failure(create(spec(offer)))).toMatchObject({ kind });
    expect(bodies('PUT', /asks/)).toHaveLength(1);
  });

  it('calls that come too early are told so in plain text, and wait', async () => {
    const offer = await first();
    fake.server.fail({ match: /PUT .*asks/, times: 1, how: { status: 429, body: 'API requests too frequent endpoint threshold=4.5' } });
    const before = fake.server.clock.now();
    await create(spec(offer));
    expect(fake.server.clock.now() - before).toBeGreaterThanOrEqual(12_000);
    expect(fake.made).toHaveLength(1);
  });

  it('the adapter keeps to the intervals by itself', async () => {
    const found = await offers();
    for (const [n, offer] of found.slice(0, 3).entries()) await create(spec(offer, { name: `bench-abc123-r0test-${n}` }));
    for (const { id } of fake.instances()) await provider.terminate({ provider: 'vast', id, name: '', region: null, zone: null });
    expect(fake.server.requests.filter(({ status }) => status === 429)).toEqual([]);
    expect(fake.instances()).toEqual([]);
  });

  it('a lost answer is an unknown outcome, and the machine is found by its name', async () => {
    const offer = await first();
    fake.server.fail({ match: /PUT .*asks/, times: 1, how: 'reset-after' });
    expect(await failure(create(spec(offer)))).toMatchObject({ kind: 'unknown-outcome' });
    expect(await provider.find('bench-abc123-r0test-0')).toMatchObject({ state: 'provisioning' });
    fake.server.fail({ match: /PUT .*asks/, times: 1, how: 'malformed' });
    expect(await failure(create(spec(await first(), { name: 'bench-abc123-r0test-1' })))).toMatchObject({ kind: 'unknown-outcome' });
  });

  it('revoked keys and empty accounts are the provider, with what to do', async () => {
    fake.server.revoke(KEY);
    expect(await failure(create(spec(await first())))).toMatchObject({ kind: 'auth', scope: 'provider' });
    expect((await provider.check()).items).toMatchObject([
      { name: 'credentials', state: 'failed', fix: expect.stringContaining('manage-keys') as string },
    ]);
    fake.server.accept(KEY);
    expect((await provider.check()).items).toEqual([
      { name: 'credentials', state: 'ok', text: 'ada@example.org' },
      { name: 'balance', state: 'ok', text: '50.00 USD' },
    ]);
    await fake.close();
    await open({ credit: 0 });
    expect(await failure(create(spec(await first())))).toMatchObject({ kind: 'balance', scope: 'provider' });
    expect((await provider.check()).items[1]).toMatchObject({ name: 'balance', state: 'failed' });
  });

  it('nothing is concluded from an answer that cannot be read', async () => {
    const { ref } = await create(spec(await first()));
    fake.server.fail({ match: /GET .*instances/, how: { status: 200, body: { instances: [{ nonsense: 1 }] } } });
    expect(await failure(provider.observe([ref]))).toMatchObject({ kind: 'transient' });
    expect(await failure(provider.find(ref.name))).toMatchObject({ kind: 'transient' });
  });

  it.each([{ success: false, error: 'db_timeout' }, { success: false, instances: null }, { success: false, instances: [] }, {}, []])(
    'an answer that says %j is neither "gone" nor an empty list',
    async (body) => {
      const { ref } = await create(spec(await first()));
      const other = await create(spec(await first(), { name: 'bench-abc123-r0test-1' }));
      const fault = fake.server.fail({ match: /GET .*instances/, how: { status: 200, body } });
      expect(await failure(provider.observe([ref]))).toMatchObject({ kind: 'transient' });
      expect(await failure(provider.observe([ref, other.ref]))).toMatchObject({ kind: 'transient' });
      expect(await failure(provider.find(ref.name))).toMatchObject({ kind: 'transient' });
      expect(await failure(all(provider.owned({})))).toMatchObject({ kind: 'transient' });
      fault.remove();
      fake.server.fail({ match: /DELETE .*instances/, times: 1, how: { status: 200, body } });
      expect(await provider.terminate(ref)).not.toBe('gone');
      expect((await provider.observe([ref])).get(ref.id)).not.toBeNull();
    },
  );

  it('an instance of another shape fails the list, unless its label says that it is not of bench', async () => {
    const OWN = 'bench-abc123-r0test-0';
    const odd = { id: 5, ports: 'none', start_date: 'today' };
    const listed = async (...odds: object[]) => {
      fake.server.fail({
        match: /GET .*v1\/instances/,
        times: 1,
        how: { status: 200, body: { instances: [...odds, { id: 6, label: OWN }] } },
      });
      return (await all(provider.owned({}))).map(({ ref }) => ref.name);
    };
    expect(await listed({ ...odd, label: 'somebody else’s' }, { ...odd, label: '' })).toEqual([OWN]);
    for (const label of ['bench-abc123-r0test-1', null, undefined, 7])
      expect(await failure(listed({ ...odd, label })), String(label)).toMatchObject({ kind: 'transient' });
  });

  it('an instance is gone when the account says so, in any of its ways', async () => {
    const { ref } = await create(spec(await first()));
    for (const how of [
      { status: 200, body: { instances: null } },
      { status: 200, body: { success: false, error: 'no_such_instance', msg: 'Instance not found' } },
      { status: 404, body: { success: false, error: 'no_such_instance' } },
    ]) {
      fake.server.fail({ match: /GET .*instances/, times: 1, how });
      expect((await provider.observe([ref])).get(ref.id)).toBeNull();
    }
  });
});

describe('many', () => {
  it('are read in pages of 25, and of others only what is asked for', async () => {
    for (let i = 0; i < 60; i++) fake.foreign(i % 3 === 0 ? `bench-other${i % 10}-r1-${i}` : `mine-${i}`);
    fake.foreign('bench-abc123-r7-1');
    fake.foreign('bench-abc123-r8-1');
    const names = async (filter: { owner?: string; run?: string }) => (await all(provider.owned(filter))).map(({ ref }) => ref.name);
    expect(await names({ owner: 'abc123def456' })).toEqual(['bench-abc123-r7-1', 'bench-abc123-r8-1']);
    expect(await names({ owner: 'abc123def456', run: 'r8' })).toEqual(['bench-abc123-r8-1']);
    expect(await names({})).toHaveLength(22);
    const refs = fake.instances().map(({ id }) => ({ provider: 'vast', id, name: '', region: null, zone: null }));
    const shown = fake.server.requests.filter(({ path }) => /v0\/instances/.test(path)).length;
    const seen = await provider.observe([...refs, { ...refs[0]!, id: '5' }]);
    expect(seen.size).toBe(63);
    expect(seen.get('5')).toBeNull();
    // One look a page, and one more at what is missing.
    expect(fake.server.requests.filter(({ path }) => /v0\/instances/.test(path)).length - shown).toBe(1);
  });
});

it('the log comes from where it is put, without the key', async () => {
  await fake.close();
  const seen: string[] = [];
  await open({
    containers: {
      start: () =>
        Promise.resolve({
          host: '192.0.2.9',
          ports: new Map([[8000, 4000]]),
          log: () => `loading\nkey is ${KEY}\nready\n`,
          exitCode: () => null,
          end: () => Promise.resolve(),
        }),
      close: () => Promise.resolve(),
    },
  });
  const { ref } = await create(spec(await first()));
  for await (const line of provider.logs?.(ref) ?? []) seen.push(line);
  expect(seen).toEqual(['loading', 'key is ***', 'ready']);
  const stored = fake.server.requests.filter(({ path }) => path.startsWith('/logs/'));
  expect(stored.map(({ status, headers }) => [status, headers['authorization']])).toEqual([
    [403, undefined],
    [200, undefined],
  ]);
});

it('no secret is in what was logged', async () => {
  await create(spec(await first()));
  fake.server.fail({ match: /PUT .*asks/, how: { status: 400, body: { success: false, error: 'invalid_args', msg: `bad key ${KEY}` } } });
  await expect(create(spec(await first()))).rejects.toThrow('invalid_args: bad key ***');
  expect(lines.join('\n')).not.toMatch(/planted|instance-key/);
});

it('without a key it is not opened, and says where one was looked for', async () => {
  const bare = createIo({ env: { XDG_CONFIG_HOME: '/nonexistent' } });
  const opened = await openProviders({ factories: [vast()], settings: {}, io: bare });
  expect(opened.closed).toMatchObject([{ name: 'vast', error: null, reason: expect.stringContaining('VAST_API_KEY') as string }]);
  const other = await openProviders({ factories: [vast()], settings: { vast: { api_key: { from_env: 'MY_KEY' } } }, io: bare });
  expect(other.closed[0]?.reason).toBe('no API key: the variable MY_KEY is not set');
});
