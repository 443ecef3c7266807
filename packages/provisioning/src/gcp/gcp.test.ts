import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '@bench/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Provider } from '../contract/provider.ts';
import type { FakeGcpOptions } from '../testing/gcp/options.ts';
import { create, gcpStage, type GcpStage, offersOf, specOf, untilSeen } from './testing.ts';

let stages: GcpStage[] = [];
afterEach(async () => {
  const errors = stages.flatMap(({ fake }) => fake.server.errors);
  await Promise.all(stages.map((stage) => stage.close()));
  stages = [];
  if (errors.length > 0) throw new Error(`the fake is broken: ${errors.join('; ')}`);
});
async function open(options: FakeGcpOptions = {}, settings: Record<string, unknown> = {}): Promise<GcpStage> {
  const stage = await gcpStage(options, settings);
  stages.push(stage);
  return stage;
}
const running = (machine: { state: string; connection: unknown } | null | undefined) =>
  machine?.state === 'running' && machine.connection !== null;
const insertsOf = ({ fake }: GcpStage) => fake.server.requests.filter((r) => r.method === 'POST' && r.path.endsWith('/instances'));
const all = async (provider: Provider, filter = {}) => {
  const names: string[] = [];
  for await (const machine of provider.owned(filter)) names.push(machine.ref.name);
  return names;
};

describe('requests', () => {
  it.each([
    ['on-demand', {}, {}, 'on-demand'],
    ['spot', {}, {}, 'spot'],
    ['flex', { gpu: 'H200', count: 8 }, {}, 'flex'],
    ['on-demand', { gpu: 'T4', count: 2 }, {}, 'n1-t4'],
    ['on-demand', { gpu: 'RTXPRO6000', count: 1 }, { network: 'lab', subnetwork: 'lab-1', ssh_user: 'ada' }, 'g4-subnetwork'],
    ['on-demand', { gpu: null, count: 0 }, { disk_type: 'pd-ssd' }, 'no-gpu'],
  ] as const)('an insert (%s, %o, %o) is as documented', async (market, query, settings, name) => {
    const stage = await open({}, settings);
    const spec = await specOf(stage.provider, { market, query });
    await create(stage.provider, spec);
    const [sent] = insertsOf(stage);
    expect(sent?.body).toStrictEqual(JSON.parse(await readFile(join(import.meta.dirname, 'golden', `${name}.json`), 'utf8')));
    expect(sent?.status).toBe(200);
    const [step] = stage.provider.plan(spec);
    expect(step).toMatchObject({ method: 'POST', url: `${stage.fake.server.url}${sent?.path}${sent?.query}`, body: sent?.body });
  });

  it('takes images as a family, a project and family, or a path', async () => {
    const { provider } = await open();
    const spec = await specOf(provider);
    const images = [null, 'my-family', 'my-project/my-family', 'projects/p/global/images/i-1'].map((image) => {
      const [step] = provider.plan({ ...spec, image });
      return step?.kind === 'http'
        ? (step.body as { disks: { initializeParams: { sourceImage: string } }[] }).disks[0]?.initializeParams.sourceImage
        : '';
    });
    expect(images).toEqual([
      'projects/deeplearning-platform-release/global/images/family/common-cu129-ubuntu-2404-nvidia-580',
      'projects/deeplearning-platform-release/global/images/family/my-family',
      'projects/my-project/global/images/family/my-family',
      'projects/p/global/images/i-1',
    ]);
  });

  it('refuses what no request could say', async () => {
    const { provider } = await open();
    const spec = await specOf(provider, { market: 'flex', query: { gpu: 'H200', count: 8 } });
    expect(() => provider.plan({ ...spec, maxLifetimeS: 8 * 86_400 })).toThrow(/seven days/);
    expect(() => provider.plan({ ...spec, workload: { kind: 'batch', script: '' } })).toThrow(/batch/);
    expect(() => provider.plan({ ...spec, offer: { ...spec.offer, data: 7 } })).toThrow(/not one of/);
  });
});

describe('offers', () => {
  it('are tried in the documented order of zones, each market that the type has', async () => {
    const { provider } = await open();
    const offers = await offersOf(provider, { gpu: 'H200', count: 8, markets: ['on-demand', 'spot', 'flex'] });
    expect([...new Set(offers.map((o) => o.zone))]).toEqual(['europe-west1-b', 'us-west1-c', 'us-east4-b', 'europe-west4-a']);
    expect(offers.slice(0, 3).map((o) => [o.market, o.availability, o.priceUsdPerHour])).toEqual([
      ['on-demand', 'low', null],
      ['spot', 'unknown', null],
      ['flex', 'unknown', null],
    ]);
    expect(offers[0]).toMatchObject({
      id: 'europe-west1-b/a3-ultragpu-8g/on-demand',
      gpu: { id: 'H200', name: 'nvidia-h200-141gb', count: 8, memoryGb: 141 },
      cpus: 224,
      memoryGb: 2952,
      region: 'europe-west1',
    });
  });

  it('obey the settings: zones by GPU and their order, prices, a region asked for', async () => {
    const { provider } = await open(
      {},
      {
        zones: { H200: ['us-east4-b', 'europe-west1-b'] },
        prices: [
          { machine_type: 'a3-ultragpu-8g', region: 'us-east4', market: 'flex', usd_per_hour: 30 },
          { machine_type: 'a3-ultragpu-8g', market: 'flex', usd_per_hour: 40 },
        ],
      },
    );
    const offers = await offersOf(provider, { gpu: 'H200', count: 8, markets: ['flex'] });
    expect(offers.map((o) => [o.zone, o.priceUsdPerHour, o.priceSource.kind])).toEqual([
      ['us-east4-b', 30, 'user'],
      ['europe-west1-b', 40, 'user'],
    ]);
    expect((await offersOf(provider, { gpu: 'H200', count: 8, markets: ['flex'], regions: ['europe-west1'] })).map((o) => o.zone)).toEqual([
      'europe-west1-b',
    ]);
  });

  it('are not looked for in a zone that the project does not have: it is told', async () => {
    const { provider } = await open({}, { zones: { default: ['us-east1-b'], L4: ['us-central1-q'] } });
    await expect(offersOf(provider, { gpu: 'H200', count: 8 })).rejects.toMatchObject({
      message: 'gcp: the project has no zone "us-central1-q", which providers.gcp.zones.L4 of the settings names',
      hint: 'did you mean "us-central1-a"?',
      exitCode: 2,
    });
    expect((await provider.check()).items).toContainEqual(
      expect.objectContaining({ name: 'zones', state: 'failed', fix: 'did you mean "us-central1-a"?' }),
    );
  });

  it('tell once that a project cannot be read', async () => {
    const { provider, io } = await open({}, { project: 'no-such-project' });
    const log = vi.spyOn(io.logger, 'log');
    await expect(offersOf(provider)).rejects.toThrow(/no-such-project/);
    expect(log.mock.calls.filter(([level]) => level === 'warn')).toEqual([]);
    const readable = await open();
    readable.fake.server.fail({ match: /\/regions$/, how: { status: 403 } });
    const told = vi.spyOn(readable.io.logger, 'log');
    expect(await offersOf(readable.provider)).not.toEqual([]);
    expect(told.mock.calls.map(([, message]) => message).join()).toContain('quotas could not be read');
  });

  it('know the prices that somebody published, with their date, and no others', async () => {
    const { provider } = await open();
    const mega = (await offersOf(provider, { gpu: 'H100', count: 8, markets: ['on-demand', 'spot'] })).filter(
      (o) => o.instanceType === 'a3-megagpu-8g',
    );
    expect(mega.map((o) => [o.market, o.priceUsdPerHour])).toEqual([
      ['on-demand', 64.3],
      ['spot', 22.2],
    ]);
    expect(mega[0]?.priceSource).toMatchObject({ kind: 'catalogue', at: '2026-06-30T00:00:00.000Z' });
  });

  it('say where the quota has no room: of the region, preemptible or standard, or over all regions', async () => {
    const stage = await open({
      quotas: {
        'us-central1': { NVIDIA_L4_GPUS: 0, PREEMPTIBLE_NVIDIA_L4_GPUS: 0 },
        'us-east1': { NVIDIA_L4_GPUS: 1, PREEMPTIBLE_NVIDIA_L4_GPUS: 0 },
      },
    });
    const seen = async () =>
      Object.fromEntries(
        (await offersOf(stage.provider, { markets: ['on-demand', 'spot'] }))
          .filter((o) => o.instanceType === 'g2-standard-4')
          .map((o) => [`${o.region} ${o.market}`, o.availability]),
      );
    expect(await seen()).toMatchObject({
      'us-central1 on-demand': 'no-quota',
      'us-central1 spot': 'no-quota',
      'us-east1 on-demand': 'unknown',
      // Falls back on the standard quota.
      'us-east1 spot': 'unknown',
      'us-east4 spot': 'unknown',
    });
    stage.fake.setQuota('global', 'GPUS_ALL_REGIONS', 0);
    expect(new Set(Object.values(await seen()))).toEqual(new Set(['no-quota']));
  });

  it('are there without quotas when those cannot be read, and are refused where the list is', async () => {
    const stage = await open();
    const fault = stage.fake.server.fail({ match: /\/regions$/, how: { status: 403, body: 'no' } });
    expect((await offersOf(stage.provider)).length).toBeGreaterThan(3);
    fault.remove();
    stage.fake.server.fail({ match: /aggregated\/machineTypes$/, how: { status: 403, body: 'no' } });
    await expect(offersOf(stage.provider)).rejects.toMatchObject({ code: 'BENCH_PROVIDER_AUTH' });
  });

  it('of N1 machines name what is attached, only where both are', async () => {
    const { provider } = await open();
    const offers = await offersOf(provider, { gpu: 'V100', count: 1 });
    expect(offers.map((o) => [o.id, o.data])).toEqual([
      [
        'us-central1-a/n1-standard-8/nvidia-tesla-v100/on-demand',
        { machineType: 'n1-standard-8', diskType: 'pd-balanced', attach: { accelerator: 'nvidia-tesla-v100', count: 1 } },
      ],
    ]);
  });
});

describe('a machine', () => {
  it('comes up with its address, price and labels', async () => {
    const stage = await open({}, { prices: [{ machine_type: 'g2-standard-4', usd_per_hour: 0.71 }] });
    const spec = await specOf(stage.provider);
    const made = await create(stage.provider, spec);
    expect(made).toMatchObject({ state: 'provisioning', connection: null, priceUsdPerHour: 0.71, owner: spec.owner, run: spec.run });
    const up = await untilSeen(stage, made, running);
    expect(up).toMatchObject({
      ref: { id: made.ref.id, region: 'europe-west1', zone: 'europe-west1-b' },
      rawState: 'RUNNING',
      connection: { port: 22, user: 'bench' },
      priceUsdPerHour: 0.71,
      priceSource: { kind: 'user' },
      owner: spec.owner,
      run: spec.run,
      expiresAt: spec.expiresAt,
      market: 'on-demand',
      preempted: false,
    });
    const lines: string[] = [];
    for await (const line of stage.provider.logs?.(made.ref) ?? []) lines.push(line);
    expect(lines).toEqual(['SeaBIOS (version 1.8.2-google)', `${spec.name} login: `]);
  });

  it('whose zone is sold out fails after the insert was accepted, as a create would have failed', async () => {
    const stage = await open({ misbehave: ['stockout'] });
    const made = await create(stage.provider, await specOf(stage.provider));
    const failed = await untilSeen(stage, made, (m) => m?.state === 'failed');
    expect(failed).toMatchObject({
      failure: { code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', kind: 'capacity', scope: 'zone' },
      stateReason: expect.stringContaining('does not have enough resources') as unknown,
    });
    expect(await stage.provider.terminate(made.ref)).toBe('gone');
    expect((await stage.provider.observe([made.ref])).get(made.ref.id)).toBeNull();
    // Another process, which never saw the insert, is told the same.
    const other = await gcpStage({}, { base_url: stage.fake.baseUrl });
    stages.push(other);
    expect((await other.provider.observe([made.ref])).get(made.ref.id)).toMatchObject({ failure: { kind: 'capacity', scope: 'zone' } });
  });

  it('of flex-start waits in the queue, and is told when its request expires', async () => {
    const stage = await open({ misbehave: ['flex-expiry'] }, { flex_wait: 600 });
    const spec = await specOf(stage.provider, { market: 'flex', query: { gpu: 'H200', count: 8 } });
    const made = await create(stage.provider, spec);
    expect(made.state).toBe('pending');
    expect(await untilSeen(stage, made, (m) => m?.state === 'pending')).toMatchObject({ rawState: 'PENDING', market: 'flex' });
    stage.fake.server.clock.advance(601_000);
    expect(await untilSeen(stage, made, (m) => m?.state === 'failed')).toMatchObject({ failure: { kind: 'capacity', scope: 'zone' } });
  });

  it('of flex-start comes up when its turn has come', async () => {
    const stage = await open();
    const made = await create(stage.provider, await specOf(stage.provider, { market: 'flex', query: { gpu: 'H200', count: 8 } }));
    expect(await untilSeen(stage, made, running)).toMatchObject({ market: 'flex' });
  });

  it('that was preempted is told as such, while it stops and when it has vanished', async () => {
    const stage = await open({ timeline: { stopMs: 30_000 } });
    const made = await create(stage.provider, await specOf(stage.provider, { market: 'spot' }));
    await untilSeen(stage, made, running);
    stage.fake.preempt(made.ref.name);
    expect((await stage.provider.observe([made.ref])).get(made.ref.id)).toMatchObject({ state: 'stopping', preempted: true });
    stage.fake.server.clock.advance(31_000);
    expect((await stage.provider.observe([made.ref])).get(made.ref.id)).toMatchObject({ state: 'terminated', preempted: true });
    expect(stage.fake.truth().live).toEqual([]);
  });

  it('ends by itself after its lifetime', async () => {
    const stage = await open();
    const made = await create(stage.provider, await specOf(stage.provider));
    await untilSeen(stage, made, running);
    stage.fake.server.clock.advance(14_401_000);
    expect(await untilSeen(stage, made, (m) => m === null)).toBeNull();
  });

  it('that was switched off is stopped and bills its disk: never terminated', async () => {
    const stage = await open();
    const made = await create(stage.provider, await specOf(stage.provider));
    await untilSeen(stage, made, running);
    await stage.provider.stop?.(made.ref);
    expect(await untilSeen(stage, made, (m) => m?.state === 'stopped')).toMatchObject({
      rawState: 'TERMINATED',
      connection: null,
      preempted: false,
    });
    expect(await all(stage.provider)).toEqual([made.ref.name]);
    await stage.provider.start?.(made.ref);
    await untilSeen(stage, made, running);
    await stage.provider.reboot?.(made.ref);
    expect(await stage.provider.terminate(made.ref)).toBe('accepted');
    await untilSeen(stage, made, (m) => m === null);
    expect(await stage.provider.terminate(made.ref)).toBe('gone');
  });

  it('in a zone that does not answer is not gone, not found to be missing, and the list says that it is not whole', async () => {
    const stage = await open();
    const made = await create(stage.provider, await specOf(stage.provider));
    await untilSeen(stage, made, running);
    stage.fake.misbehave(['unreachable-zone']);
    const looks: unknown[] = [];
    const finds: unknown[] = [];
    const lists: unknown[] = [];
    const codeOf = (error: unknown) => (BenchError.is(error) ? error.code : error);
    for (let i = 0; i < 3; i++) looks.push((await stage.provider.observe([made.ref])).get(made.ref.id)?.state);
    for (let i = 0; i < 3; i++) finds.push(await stage.provider.find(made.ref.name).then((m) => m?.state, codeOf));
    for (let i = 0; i < 3; i++) lists.push(await all(stage.provider).catch(codeOf));
    expect(looks).toEqual(['running', 'running', undefined]);
    expect(finds).toEqual(['running', 'running', 'BENCH_PROVIDER_TRANSIENT']);
    expect(lists).toEqual([[made.ref.name], [made.ref.name], 'BENCH_PROVIDER_TRANSIENT']);
  });

  it.each([{}, { error: { code: 503, message: 'backend' } }])('is not gone by an answer that is no list (%j)', async (body) => {
    const { provider, fake } = await open();
    const made = await create(provider, await specOf(provider));
    fake.server.fail({ match: /^GET .*(aggregated|operations)/, how: { status: 200, body } });
    await expect(provider.find(made.ref.name)).rejects.toMatchObject({ code: 'BENCH_PROVIDER_TRANSIENT' });
    await expect(all(provider)).rejects.toMatchObject({ code: 'BENCH_PROVIDER_TRANSIENT' });
    await expect(provider.observe([made.ref])).rejects.toMatchObject({ code: 'BENCH_PROVIDER_TRANSIENT' });
  });

  it('whose insert is under way is not gone because a delete finds nothing yet', async () => {
    const stage = await open();
    const spec = await specOf(stage.provider);
    const made = await create(stage.provider, spec);
    stage.fake.server.fail({ match: /^DELETE /, times: 1, how: { status: 404, body: { error: { code: 404, message: 'was not found' } } } });
    expect(await stage.provider.terminate(made.ref)).toBe('still-there');
    expect(await stage.provider.terminate(made.ref)).toBe('accepted');
    await untilSeen(stage, made, (m) => m === null);
  });

  it('is looked for in the project that it was made in, whatever the settings say later', async () => {
    const stage = await open();
    const made = await create(stage.provider, await specOf(stage.provider));
    const other = await gcpStage({}, { base_url: stage.fake.baseUrl, project: 'another-project' });
    stages.push(other);
    expect((await other.provider.observe([made.ref])).get(made.ref.id)).not.toBeNull();
    expect(await other.provider.terminate(made.ref)).toBe('accepted');
  });
});

describe('a create', () => {
  it('whose answer was lost twice is the same machine', async () => {
    const stage = await open();
    const spec = await specOf(stage.provider);
    stage.fake.server.fail({ match: /^POST .*instances$/, times: 2, how: 'reset-after' });
    const made = await create(stage.provider, spec);
    expect(insertsOf(stage)).toHaveLength(3);
    expect(new Set(insertsOf(stage).map((r) => r.query)).size).toBe(1);
    expect(stage.fake.truth()).toMatchObject({ createsAcknowledged: 1, live: [{ name: spec.name }] });
    expect((await stage.provider.find(spec.name))?.ref).toEqual(made.ref);
  });

  it('that was refused after an answer was lost is an unknown outcome', async () => {
    const stage = await open();
    const spec = await specOf(stage.provider);
    stage.fake.server.fail({ match: /^POST .*instances$/, times: 1, how: 'reset-after' });
    const quota = { error: { code: 403, message: 'no', errors: [{ reason: 'quotaExceeded' }] } };
    stage.fake.server.fail({ match: /^POST .*instances$/, how: { status: 403, body: quota } });
    await expect(create(stage.provider, spec)).rejects.toMatchObject({ code: 'BENCH_PROVIDER_UNKNOWN_OUTCOME' });
    expect((await stage.provider.find(spec.name))?.ref.name).toBe(spec.name);
  });

  it('of a name that is there is that machine when it is ours, and an error when it is not', async () => {
    const stage = await open();
    const spec = await specOf(stage.provider);
    const conflict = { error: { code: 409, message: 'already exists', errors: [{ reason: 'alreadyExists' }] } };
    const made = await create(stage.provider, spec);
    stage.fake.server.fail({ match: /^POST .*instances$/, how: { status: 409, body: conflict } });
    expect((await create(stage.provider, spec)).ref).toEqual(made.ref);
    await expect(create(stage.provider, { ...spec, owner: 'somebody' })).rejects.toMatchObject({ code: 'BENCH_PROVIDER_REQUEST' });
  });

  it.each([
    [503, 'insufficientCapacity', '', 'CAPACITY', 'zone'],
    [403, 'quotaExceeded', "Quota 'NVIDIA_L4_GPUS' exceeded. Limit: 0.0 in region us-central1.", 'QUOTA', 'region'],
    [403, 'quotaExceeded', "Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally.", 'QUOTA', 'provider'],
    [403, 'forbidden', "Required 'compute.instances.create' permission", 'AUTH', 'provider'],
    [403, 'accessNotConfigured', 'Compute Engine API has not been used in project', 'AUTH', 'provider'],
    [403, 'rateLimitExceeded', 'Rate Limit Exceeded', 'RATE_LIMIT', undefined],
    [401, 'authError', 'Invalid Credentials', 'AUTH', 'provider'],
    [412, 'conditionNotMet', 'Constraint constraints/compute.requireOsLogin violated for project', 'REQUEST', undefined],
    [400, 'invalid', "Invalid value for field 'resource.name'", 'REQUEST', undefined],
  ])('that is refused with %i %s "%s" is %s of %s', async (status, reason, message, code, scope) => {
    const stage = await open();
    const spec = await specOf(stage.provider);
    stage.fake.server.fail({
      match: /^POST .*instances$/,
      how: { status, body: { error: { code: status, message, errors: [{ message, reason }] } } },
    });
    const error = await create(stage.provider, spec).catch((thrown: unknown) => thrown);
    expect(BenchError.is(error) && [error.code, error.scope]).toEqual([`BENCH_PROVIDER_${code}`, scope]);
    expect(BenchError.is(error) && error.message).toContain(message);
  });
});

describe('check', () => {
  it('tells of token, project, quotas and firewall', async () => {
    const { provider } = await open();
    const { items } = await provider.check();
    expect(items.filter((i) => !i.name.startsWith('quota NVIDIA') && !i.name.startsWith('quota PRE'))).toEqual([
      { name: 'credentials', state: 'ok', text: 'a token was given' },
      { name: 'project', state: 'ok', text: 'bench-fake, Compute Engine API on' },
      { name: 'quota GPUS_ALL_REGIONS', state: 'ok', text: '128 of 128 free' },
      { name: 'firewall', state: 'ok', text: 'default-allow-ssh lets SSH in' },
    ]);
    expect(items).toContainEqual({ name: 'quota NVIDIA_H100_GPUS us-central1', state: 'ok', text: '64 of 64 free' });
  });

  it('says what is missing, each with its fix', async () => {
    const stage = await open({ firewall: false, quotas: { global: { GPUS_ALL_REGIONS: 0 } } });
    expect((await stage.provider.check()).items.filter((i) => i.state === 'failed')).toMatchObject([
      {
        name: 'quota GPUS_ALL_REGIONS',
        text: '0 of 0 free',
        fix: expect.stringContaining('iam-admin/quotas?project=bench-fake') as unknown,
      },
      { name: 'firewall', fix: expect.stringContaining('gcloud compute firewall-rules create') as unknown },
    ]);
    const disabled = { error: { code: 403, message: 'has not been used', errors: [{ reason: 'accessNotConfigured' }] } };
    stage.fake.server.fail({ match: /projects\/bench-fake$/, how: { status: 403, body: disabled } });
    expect((await stage.provider.check()).items).toMatchObject([
      { name: 'credentials', state: 'ok' },
      { name: 'project', state: 'failed', fix: 'gcloud services enable compute.googleapis.com' },
    ]);
  });
});
