import { createIo, type Io } from '@bench/core';
import { describe, expect, it } from 'vitest';
import {
  type Machine,
  type MachineSpec,
  type Offer,
  type OfferQuery,
  openProviders,
  type Provider,
  providerErrorKind,
  type Workload,
} from '../index.ts';
import { fakeSlurm, type FakeSlurm } from '../testing/slurm/fake-slurm.ts';
import { DEFAULT_NODES, DEFAULT_PARTITIONS, type FakeSlurmOptions } from '../testing/slurm/options.ts';
import { explain } from './explain.ts';
import { asSlurm, checkDirectives, partitionOf, slurm, type SlurmDirectives, type SlurmProvider } from './index.ts';

const QUERY: OfferQuery = { gpu: null, count: null, workload: 'batch', markets: ['on-demand'], regions: [], diskGb: 1, criteria: {} };

interface Opened {
  fake: FakeSlurm;
  provider: SlurmProvider;
  io: Io;
  /** So much time passes. */
  pass(ms: number): void;
}

/** Time that passes only when someone sleeps, or says so. */
async function open(settings: Record<string, unknown> = {}, options: FakeSlurmOptions = {}): Promise<Opened> {
  const fake = fakeSlurm(options);
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
    fake.clock.advance(ms);
  };
  const io: Io = {
    ...createIo({ env: {} }),
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      pass(ms);
    },
    connect: fake.connect,
  };
  const all = await openProviders({ factories: [slurm()], settings: { slurm: { login: 'login1', ...settings } }, io });
  const provider = asSlurm(all.get('slurm').provider);
  if (provider === null) throw new Error('it is not Slurm');
  return { fake, provider, io, pass };
}

async function offersOf(provider: Provider, query: Partial<OfferQuery> = {}): Promise<Offer[]> {
  const found: Offer[] = [];
  for await (const offer of provider.offers({ ...QUERY, ...query })) found.push(offer);
  return found;
}

async function specOf(
  provider: Provider,
  n = 0,
  workload: Workload = { kind: 'batch', script: '#!/bin/sh\ntrue\n' },
): Promise<MachineSpec> {
  const [offer] = await offersOf(provider, { count: 2 });
  if (offer === undefined) throw new Error('there is no offer');
  return {
    name: `bench-aaaaaa-r123456789-${n}`,
    owner: 'aaaaaabbbbbb',
    run: 'r123456789',
    offer,
    market: 'on-demand',
    sshPublicKeys: [],
    image: null,
    diskGb: 1,
    maxLifetimeS: 3600,
    expiresAt: '2026-11-22T00:00:00.000Z',
    bidUsdPerHour: null,
    workload,
    secrets: [],
  };
}
const create = (provider: Provider, spec: MachineSpec): Promise<Machine> =>
  provider.create(spec, { idempotencyKey: spec.name, signal: new AbortController().signal });
const ran = (fake: FakeSlurm, tool: string): string[] => fake.commands.filter((command) => command.startsWith(tool));
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe('looks at the queue', () => {
  it('for all jobs at once, and never more often than set', async () => {
    const { fake, provider, pass } = await open({ poll_interval_s: 30 });
    const refs = [];
    for (let n = 0; n < 20; n++) refs.push((await create(provider, await specOf(provider, n))).ref);
    pass(1);
    await Promise.all(refs.map((ref) => provider.observe([ref])));
    await Promise.all([provider.observe(refs), provider.jobs(refs), ...refs.map((ref) => provider.terminate(ref))]);
    expect(ran(fake, 'squeue')).toHaveLength(1);
    pass(29_999);
    await provider.observe(refs);
    expect(ran(fake, 'squeue')).toHaveLength(1);
    pass(1);
    await Promise.all(refs.map((ref) => provider.observe([ref])));
    expect(ran(fake, 'squeue')).toHaveLength(2);
  });

  it('again when a job was submitted since, and then waits for its turn', async () => {
    const { fake, provider, io } = await open({ poll_interval_s: 30 });
    const first = await create(provider, await specOf(provider, 0));
    await provider.observe([first.ref]);
    const second = await create(provider, await specOf(provider, 1));
    const before = io.monotonic();
    expect((await provider.observe([second.ref])).get(second.ref.id)?.ref.name).toBe(second.ref.name);
    expect(io.monotonic() - before).toBe(30_000);
    expect(ran(fake, 'squeue')).toHaveLength(2);
  });

  it('and hands no failure on to who asks later', async () => {
    const { fake, provider } = await open();
    const { ref } = await create(provider, await specOf(provider));
    fake.fail({ match: /^squeue/, times: 1, how: 'unreachable' });
    expect(providerErrorKind(await failureOf(provider.observe([ref])))).toBe('transient');
    expect((await provider.observe([ref])).get(ref.id)?.state).toBe('running');
  });

  it('one who gives up does not stop the others', async () => {
    const { provider } = await open();
    const { ref } = await create(provider, await specOf(provider));
    const enough = new AbortController();
    const given = failureOf(provider.observe([ref], { signal: enough.signal }));
    const kept = provider.observe([ref]);
    enough.abort(new Error('enough'));
    expect(await given).toEqual(new Error('enough'));
    expect((await kept).get(ref.id)?.ref.id).toBe(ref.id);
  });
});

describe('a job that is over', () => {
  it('is asked for where it may be known, once', async () => {
    const { fake, provider, pass } = await open({}, { misbehave: ['forgotten'] });
    const { ref } = await create(provider, await specOf(provider));
    pass(10_000);
    await provider.observe([ref]);
    fake.end(ref.name, { state: 'FAILED', reason: 'NonZeroExitCode', exit: '3:0' });
    pass(10_000);
    expect((await provider.jobs([ref])).get(ref.id)).toMatchObject({ state: 'FAILED', exitCode: 3, source: 'sacct', over: true });
    pass(10_000);
    expect((await provider.observe([ref])).get(ref.id)).toMatchObject({ state: 'failed', failure: { code: 'FAILED' } });
    expect([ran(fake, 'sacct').length, ran(fake, 'scontrol').length]).toEqual([1, 0]);
  });

  it('keeps the reason that the queue told, which accounting does not', async () => {
    const { fake, provider, pass } = await open();
    const { ref } = await create(provider, await specOf(provider));
    pass(10_000);
    fake.end(ref.name, { state: 'FAILED', reason: 'NonZeroExitCode', exit: '3:0' });
    const job = (await provider.jobs([ref])).get(ref.id);
    expect(job).toMatchObject({ source: 'sacct', reason: 'NonZeroExitCode', exitCode: 3 });
  });

  it('is told by the controller where there is no accounting, which is asked once', async () => {
    const { fake, provider, pass } = await open({}, { misbehave: ['accounting-disabled'] });
    const { ref } = await create(provider, await specOf(provider));
    pass(10_000);
    fake.end(ref.name, { state: 'OUT_OF_MEMORY', exit: '0:125' });
    expect((await provider.jobs([ref])).get(ref.id)).toMatchObject({
      state: 'OUT_OF_MEMORY',
      exitCode: 0,
      signal: 125,
      source: 'scontrol',
    });
    const other = await create(provider, await specOf(provider, 1));
    fake.end(other.ref.name, { state: 'CANCELLED', by: 1000 });
    await provider.jobs([other.ref]);
    expect(ran(fake, 'sacct')).toHaveLength(1);
    expect(await provider.usage(ref)).toBeNull();
  });

  it('is not said to be unknown while accounting may still write it down', async () => {
    const { fake, provider, pass } = await open({}, { misbehave: ['forgotten', 'accounting-late'] });
    const { ref } = await create(provider, await specOf(provider));
    pass(10_000);
    await provider.jobs([ref]);
    fake.end(ref.name, { state: 'FAILED', exit: '9:0' });
    pass(10_000);
    expect((await provider.jobs([ref])).has(ref.id)).toBe(false);
    pass(30_000);
    expect((await provider.jobs([ref])).get(ref.id)).toMatchObject({ state: 'FAILED', exitCode: 9 });
  });

  it('is gone when nobody knows it, accounting or not', async () => {
    const { fake, provider, pass } = await open({}, { misbehave: ['forgotten', 'accounting-down'] });
    const { ref } = await create(provider, await specOf(provider));
    pass(10_000);
    await provider.observe([ref]);
    fake.end(ref.name, { state: 'COMPLETED' });
    pass(10_000);
    expect((await provider.observe([ref])).has(ref.id)).toBe(false);
    pass(61_000);
    expect((await provider.observe([ref])).get(ref.id)).toBeNull();
    expect(await provider.terminate(ref)).toBe('gone');
  });

  it.each([
    [
      { state: 'CANCELLED', by: 1000 },
      { state: 'terminated', stateReason: 'cancelled by 1000', preempted: false, failure: null },
    ],
    [{ state: 'PREEMPTED' }, { state: 'terminated', preempted: true }],
    [
      { state: 'TIMEOUT', reason: 'TimeLimit' },
      { state: 'terminated', rawState: 'TIMEOUT', stateReason: 'TimeLimit' },
    ],
    [
      { state: 'NODE_FAIL' },
      { state: 'failed', failure: { code: 'NODE_FAIL', message: 'NODE_FAIL', hint: expect.stringContaining('slurm.exclude') } },
    ],
    [
      { state: 'OUT_OF_MEMORY', exit: '0:125' },
      {
        state: 'failed',
        failure: { code: 'OUT_OF_MEMORY', message: 'OUT_OF_MEMORY (signal 125)', hint: expect.stringContaining('slurm.mem') },
      },
    ],
    [
      { state: 'FAILED', exit: '3:0' },
      { state: 'failed', stateReason: 'exit code 3' },
    ],
    [{ state: 'COMPLETED' }, { state: 'terminated', stateReason: null }],
    // Why it waited is kept for good; it says nothing of an end.
    [
      { state: 'COMPLETED', reason: 'Dependency' },
      { state: 'terminated', stateReason: null },
    ],
    [
      { state: 'FAILED', reason: 'QOSMaxJobsPerUserLimit', exit: '1:0' },
      { state: 'failed', stateReason: 'exit code 1', failure: { message: 'FAILED (exit code 1)' } },
    ],
    [{ state: 'CANCELLED', reason: 'DependencyNeverSatisfied' }, { stateReason: 'DependencyNeverSatisfied' }],
    [{ state: 'FAILED', reason: 'RaisedSignal:9(Killed)' }, { stateReason: 'RaisedSignal:9(Killed)' }],
  ])('%j', async (end, machine) => {
    const { fake, provider, pass } = await open();
    const { ref } = await create(provider, await specOf(provider));
    pass(10_000);
    fake.end(ref.name, end);
    expect((await provider.observe([ref])).get(ref.id)).toMatchObject(machine);
  });
});

it('a controller that does not answer is no proof that a job is gone', async () => {
  const { fake, provider, pass } = await open({}, { misbehave: ['forgotten'] });
  const { ref } = await create(provider, await specOf(provider));
  pass(10_000);
  fake.end(ref.name, { state: 'COMPLETED' });
  fake.misbehave(['accounting-down']);
  fake.fail({ match: /^scontrol/, times: 1, how: 'socket-timeout-before' });
  expect(providerErrorKind(await failureOf(provider.observe([ref])))).toBe('transient');
});

describe('offers', () => {
  const shown = ({ id, gpu, priceUsdPerHour, availability, preference }: Offer) => [
    id,
    gpu?.id ?? null,
    gpu?.count ?? 0,
    priceUsdPerHour,
    availability,
    preference,
  ];

  it('are partitions and types of GPU, at the price that the settings tell', async () => {
    const { provider } = await open({ prices_usd_per_gpu_hour: { gpu: 2.5 } });
    expect((await offersOf(provider)).map(shown)).toEqual([
      ['gpu/4xa100', 'A100-80GB', 4, 10, 'available', 0],
      ['gpu/8xh100', 'H100', 8, 20, 'available', 0],
      ['cpu/cpu', null, 0, null, 'available', 1],
      ['short/4xa100', 'A100-80GB', 4, null, 'available', 1],
    ]);
    expect((await offersOf(provider, { gpu: 'H100', count: 2 })).map(shown)).toEqual([['gpu/2xh100', 'H100', 2, 5, 'available', 0]]);
    expect(await offersOf(provider, { gpu: 'A100', count: 5 })).toEqual([]);
    expect(await offersOf(provider, { workload: 'vm' })).toEqual([]);
    expect(await offersOf(provider, { markets: ['spot'] })).toEqual([]);
  });

  it('obey the partition and the GPUs of the settings', async () => {
    const { provider } = await open({ partition: 'short', gpus: { a100: 'A100-40GB' } });
    const found = (await offersOf(provider, { gpu: 'A100' })).map(shown);
    expect(found).toEqual([
      ['gpu/4xa100', 'A100-40GB', 4, null, 'available', 1],
      ['short/4xa100', 'A100-40GB', 4, null, 'available', 0],
    ]);
  });

  it('tell what is full, and what takes no jobs', async () => {
    const { fake, provider } = await open();
    for (const name of ['gpu0', 'gpu1', 'gpu2', 'gpu3']) fake.node(name).state = 'alloc';
    for (const name of ['big0', 'big1', 'big2', 'big3']) fake.node(name).state = 'drain';
    fake.node('cpu0').state = 'idle*';
    expect((await offersOf(provider)).map(({ id, availability }) => [id, availability])).toEqual([
      ['gpu/4xa100', 'low'],
      ['gpu/8xh100', 'none'],
      ['cpu/cpu', 'none'],
      ['short/4xa100', 'low'],
    ]);
  });

  it('leave out partitions that are hidden, which jobs may name nonetheless', async () => {
    const spare = { name: 'spare0', gres: '(null)', cpus: 4, memoryMb: 1000, features: [], state: 'idle' };
    const { provider } = await open(
      {},
      { nodes: [...DEFAULT_NODES, spare], partitions: [...DEFAULT_PARTITIONS, { name: 'hidden', nodes: ['spare0'], hidden: true }] },
    );
    expect((await offersOf(provider)).map(({ region }) => region)).not.toContain('hidden');
    const problemsOf = async (asked: SlurmDirectives) => checkDirectives(asked, await provider.nodes());
    expect(await problemsOf({ exclude: 'spare0' })).toEqual([]);
    expect(await problemsOf({ partition: 'hidden' })).toEqual([]);
    expect(await problemsOf({ exclude: 'spare1' })).toMatchObject([{ directive: 'exclude' }]);
  });

  it('tell how many nodes have no job, and how many have some', async () => {
    const { fake, provider } = await open();
    const states = ['idle', 'mix', 'alloc', 'idle*'];
    for (const [n, state] of states.entries()) fake.node(`gpu${n}`).state = state;
    const [gpu] = await offersOf(provider, { gpu: 'A100' });
    expect(gpu && partitionOf(gpu)).toMatchObject({ partition: 'gpu', nodes: 4, idle: 1, mixed: 1 });
    expect(gpu && partitionOf({ ...gpu, provider: 'another' })).toBeNull();
  });
});

it.each([
  // How it goes wrong, and the exit code: the one that the same host would have without Slurm.
  ['refused', 3],
  ['denied', 4],
  ['lost-before', 3],
  [{ code: 127, stderr: 'bash: sinfo: command not found' }, 3],
] as const)('a login host that is %j ends a command with %i', async (how, exitCode) => {
  const { fake, provider } = await open();
  fake.fail({ how });
  expect(await failureOf(provider.nodes())).toMatchObject({ exitCode });
  expect((await provider.check()).items).toMatchObject([{ state: 'failed', exitCode }]);
});

describe('a submission', () => {
  it('is what plan says: options on the command line, the script on stdin', async () => {
    const { fake, provider } = await open({ account: 'p1', qos: 'high', cluster: 'alpha' });
    const spec = await specOf(provider);
    expect(provider.plan(spec)).toMatchInlineSnapshot(`
      [
        {
          "content": "#!/bin/sh
      true
      ",
          "description": "the script of bench-aaaaaa-r123456789-0, which sbatch reads on its stdin",
          "kind": "file",
          "path": "~/bench/r123456789/bench-aaaaaa-r123456789-0.sbatch",
        },
        {
          "argv": [
            "sbatch",
            "--parsable",
            "--clusters=alpha",
            "--job-name=bench-aaaaaa-r123456789-0",
            "--no-requeue",
            "--export=NONE",
            "--output=bench-aaaaaa-r123456789-0.log",
            "--partition=gpu",
            "--account=p1",
            "--qos=high",
            "--gres=gpu:a100:2",
            "--comment=bench run r123456789",
            "--time=0-01:00:00",
          ],
          "cwd": "~/bench/r123456789",
          "description": "submit bench-aaaaaa-r123456789-0 on login1",
          "kind": "command",
        },
      ]
    `);
    const { ref } = await create(provider, spec);
    const step = provider.plan(spec).find(({ kind }) => kind === 'command');
    expect(ran(fake, 'sbatch')).toEqual([step?.kind === 'command' ? step.argv.join(' ') : '']);
    expect(fake.job(ref.name)).toMatchObject({ script: '#!/bin/sh\ntrue\n', partition: 'gpu', gres: 'gpu:a100:2', timeLimitS: 3600 });
    expect(ran(fake, 'squeue').every((command) => command.includes('--clusters=alpha'))).toBe(true);
  });

  it('asks for what the workload says before what the offer does', async () => {
    const { fake, provider } = await open({ account: 'p1' });
    const spec = await specOf(provider, 0, {
      kind: 'batch',
      script: '#!/bin/sh\ntrue\n',
      directives: { partition: 'cpu', account: 'p2', time: 600, gpus_per_node: 0, comment: 'mine' },
      folder: '/scratch/x',
      log: 'job.log',
    });
    const { ref } = await create(provider, spec).catch(() => ({ ref: null }));
    // No node of that partition has GPUs, and none are asked for.
    expect(ref).not.toBeNull();
    expect(fake.job(spec.name)).toMatchObject({
      partition: 'cpu',
      timeLimitS: 600,
      comment: 'mine',
      folder: '/scratch/x',
      output: 'job.log',
    });
    expect(ran(fake, 'sbatch')[0]).toContain('--account=p2');
    expect(ref && (await provider.logPath(ref))).toBe('/scratch/x/job.log');
  });

  it.each<[string, Workload, RegExp]>([
    ['no #!', { kind: 'batch', script: 'true\n' }, /must begin with "#!"/],
    ['line ends of DOS', { kind: 'batch', script: '#!/bin/sh\r\ntrue\r\n' }, /line ends of DOS/],
    ['too long', { kind: 'batch', script: `#!/bin/sh\n${'#'.repeat(4_194_304)}` }, /longer than 4 MiB/],
    ['a folder with a pattern', { kind: 'batch', script: '#!/bin/sh\n', folder: '/a/%j' }, /cannot be a path/],
    ['a folder that is nowhere', { kind: 'batch', script: '#!/bin/sh\n', folder: 'a' }, /must be absolute/],
    ['a machine', { kind: 'vm' }, /batch jobs, and no virtual machines/],
  ])('is refused before anything is sent: %s', async (_what, workload, message) => {
    const { fake, provider } = await open();
    const spec = { ...(await specOf(provider)), workload };
    expect(() => provider.plan(spec)).toThrow(message);
    await expect(create(provider, spec)).rejects.toThrow(message);
    expect(ran(fake, 'sbatch')).toEqual([]);
  });

  it('whose answer was lost is found by its name, also when it is over and forgotten', async () => {
    const { fake, provider, pass } = await open({}, { misbehave: ['forgotten'], runMs: 1000 });
    const spec = await specOf(provider);
    fake.fail({ match: /^sbatch/, times: 1, how: 'socket-timeout-after' });
    expect(providerErrorKind(await failureOf(create(provider, spec)))).toBe('unknown-outcome');
    expect((await provider.find(spec.name))?.state).toBe('pending');
    pass(60_000);
    expect((await provider.find(spec.name))?.rawState).toBe('COMPLETED');
    expect(ran(fake, 'sacct').at(-1)).toContain(`--name=${spec.name}`);
  });

  it('never reached a login host that lets nobody in', async () => {
    const { fake, provider } = await open();
    const spec = await specOf(provider);
    fake.fail({ match: /^sbatch/, how: 'denied' });
    expect(await failureOf(create(provider, spec))).toMatchObject({ code: 'BENCH_PROVIDER_AUTH', hint: 'see that "ssh login1" works' });
  });
});

describe('what Slurm says', () => {
  const SUBMIT = 'sbatch: error: Batch job submission failed:';
  it.each([
    [
      'sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed: Invalid partition name specified',
      'request',
      undefined,
      /sinfo -s/,
    ],
    [`${SUBMIT} Requested node configuration is not available`, 'capacity', 'region', /ask for less/],
    [`${SUBMIT} More processors requested than permitted`, 'capacity', 'region', /ask for less/],
    [`${SUBMIT} Node count specification invalid`, 'capacity', 'region', /ask for less/],
    [
      `sbatch: error: Memory specification can not be satisfied\n${SUBMIT} Requested node configuration is not available`,
      'capacity',
      'region',
      /ask for less/,
    ],
    [`${SUBMIT} Required partition not available (inactive or drain)`, 'capacity', 'region', /another/],
    [
      `${SUBMIT} Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)`,
      'quota',
      'region',
      /another account or qos/,
    ],
    [`sbatch: error: QOSMaxSubmitJobPerUserLimit\n${SUBMIT} Job violates accounting/QOS policy`, 'quota', 'region', /qos/],
    [`sbatch: error: AssocMaxSubmitJobLimit\n${SUBMIT} Job violates accounting/QOS policy`, 'quota', 'region', /account/],
    [`${SUBMIT} Invalid account or account/partition combination specified`, 'request', undefined, /sacctmgr show assoc/],
    [`${SUBMIT} Invalid qos specification`, 'request', undefined, /sacctmgr/],
    [`${SUBMIT} Requested time limit is invalid (missing or exceeds some limit)`, 'quota', 'region', /slurm.time/],
    ['sbatch: error: Invalid --time specification', 'request', undefined, /slurm.time/],
    [`${SUBMIT} User's group not permitted to use this partition`, 'quota', 'region', /administrators/],
    [`${SUBMIT} Socket timed out on send/recv operation`, 'unknown-outcome', undefined, /passes/],
    [`${SUBMIT} Zero Bytes were transmitted or received`, 'unknown-outcome', undefined, /passes/],
    [`${SUBMIT} Unable to contact slurm controller (connect failure)`, 'transient', undefined, /passes/],
    [`${SUBMIT} Resource temporarily unavailable`, 'rate-limit', undefined, /wait/],
    [`${SUBMIT} I/O error writing script/environment to file`, 'quota', 'provider', /room/],
    ['mkdir: cannot create directory ‘/home/x’: Disk quota exceeded', 'quota', 'provider', /remote_dir/],
    [`${SUBMIT} Invalid feature specification`, 'request', undefined, /slurm.constraint/],
    [`${SUBMIT} Requested reservation is invalid`, 'request', undefined, /slurm.reservation/],
    [`${SUBMIT} Invalid node name specified`, 'request', undefined, /slurm.exclude/],
    ['sbatch: error: Invalid generic resource (gres) specification', 'request', undefined, /slurm.gres/],
    ['sbatch: unrecognized option \'--bogus\'\nTry "sbatch --help" for more information', 'request', undefined, /older versions/],
    ["sbatch: error: No cluster 'x' known by database.", 'request', undefined, /providers.slurm.cluster/],
    [
      'error: Munge encode failed: Failed to access "/run/munge/munge.socket.2": No such file or directory',
      'transient',
      undefined,
      /passes/,
    ],
    [`${SUBMIT} Something that nobody has seen`, 'request', undefined, null],
  ])('%j', (text, kind, scope, hint) => {
    const error = explain({ op: 'create', tool: 'sbatch', login: 'login1', text, code: 1 });
    expect([providerErrorKind(error), error.scope]).toEqual([kind, scope]);
    if (hint === null) expect(error.hint).toBeUndefined();
    else expect(error.hint).toMatch(hint);
    expect(error.message).toContain(text.split('\n').at(0));
  });

  it('of a look that timed out is no unknown outcome', () => {
    const text = 'slurm_load_jobs error: Socket timed out on send/recv operation';
    expect(providerErrorKind(explain({ op: 'observe', tool: 'squeue', login: 'login1', text, code: 1 }))).toBe('transient');
  });
});

it('a login host without Slurm says so', async () => {
  const { fake, provider } = await open();
  fake.fail({ how: { code: 127, stderr: '' } });
  expect((await provider.check()).items).toEqual([
    {
      name: 'login host',
      state: 'failed',
      text: expect.stringContaining('there is no sbatch in the PATH'),
      fix: expect.stringContaining('~/.bash_profile'),
      exitCode: 3,
    },
  ]);
});

it('a partition of the settings that is not there is found by check', async () => {
  const { provider } = await open({ partition: 'gpus' });
  expect((await provider.check()).items).toContainEqual({
    name: 'partitions',
    state: 'failed',
    text: 'there is no partition "gpus"',
    fix: expect.stringContaining('did you mean "gpu"'),
  });
});

it('is not opened before a login host is named', async () => {
  const all = await openProviders({ factories: [slurm()], settings: {}, io: createIo({ env: {} }) });
  expect(all.closed).toMatchObject([{ name: 'slurm', error: null, hint: expect.stringContaining('providers.slurm.login') }]);
});

it('tells what a job used, and what it wrote', async () => {
  const { fake, provider, pass } = await open({}, { misbehave: ['banner', 'prolog-output'] });
  const { ref } = await create(provider, await specOf(provider));
  const lines = async () => {
    const found: string[] = [];
    for await (const line of provider.logs?.(ref) ?? []) found.push(line);
    return found;
  };
  expect(await lines()).toEqual([]);
  pass(65_000);
  expect(await lines()).toEqual(['Prolog: node is healthy', expect.stringMatching(/^job \d+ runs on \w+$/)]);
  fake.end(ref.name, { state: 'COMPLETED' });
  expect(await provider.usage(ref)).toMatchObject({
    elapsedS: 60,
    maxRssBytes: 126_418_944,
    exitCode: 0,
    state: 'COMPLETED',
    allocTres: { 'gres/gpu': '2' },
  });
  expect(await provider.logPath(ref)).toBe(`/home/ada/bench/r123456789/${ref.name}.log`);
});
