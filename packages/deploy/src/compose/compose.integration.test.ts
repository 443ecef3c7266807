import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, type Host } from '@bench/core';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { leftovers, type Machine, nginxImage, nodeImage, startMachine } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import type { Deployment, DeployEvent, Endpoint, SiteFacts } from '../contract.ts';
import { containerEngine, ENGINE_IMAGE } from '../testing/container-engine.ts';
import { machineHost } from '../testing/machine-host.ts';
import { testSite } from '../testing/site.ts';
import type { ComposeRecord } from './compose-record.ts';
import { composeTarget } from './compose-target.ts';
import { inspectContainers } from './container-facts.ts';

const needed = [part('netns'), part('sshd'), part('docker'), part('compose'), part('nginx')];
const missing = needed.find(({ present }) => !present);
const engines = [containerEngine];
const target = composeTarget({ engines });
const GPU = { name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81_559 };
const NOTHING = { containers: [], networks: [], volumes: [], images: [], processes: [], files: [] };

let number = 0;
/** Names differ, as those of two runs do. */
const nextId = () => `d${++number}`;

function taskOf(yaml: string, dir = '/nowhere'): Task {
  return expandRecipe(parseRecipe(yaml, { file: join(dir, 'recipe.yaml'), dir, name: 'r' }, { engines }))[0] as Task;
}

const recipe = (settings: Record<string, unknown> = {}, more = '') =>
  `model: {random: tiny}\nengine: {llm: {contained: ${JSON.stringify(settings)}${more}}}\n`;

describe.skipIf(missing !== undefined)(`containers on a machine${missing ? ` (${missing.skipped})` : ''}`, () => {
  let machine: Machine;
  let host: Host;
  let folder: string;
  let site: (facts?: Partial<SiteFacts>) => Promise<SiteFacts>;

  async function open(on: Machine) {
    await on.importImage(await nodeImage(ENGINE_IMAGE));
    await on.importImage(await nginxImage());
    return machineHost(on);
  }
  const siteOn =
    (on: Host, home: string) =>
    async (facts: Partial<SiteFacts> = {}) => {
      const id = nextId();
      return testSite({
        site: `ssh:${on.name}`,
        deploymentId: id,
        namePrefix: `bench-test-${id}`,
        deploymentDir: await mkdtemp(join(folder, `${id}-`)),
        hostDir: `${home}/bench/${id}`,
        modelDir: `${home}/models`,
        freePorts: [41_000],
        containers: (await inspectContainers(on)).facts,
        ...facts,
      });
    };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-compose-'));
    machine = await startMachine({ gpus: [GPU, GPU, GPU, GPU] });
    host = await open(machine);
    site = siteOn(host, machine.home);
  });
  afterAll(async () => {
    await host?.close();
    await machine?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function start(task: Task, options: { facts?: SiteFacts; env?: Record<string, string>; signal?: AbortSignal; on?: Host } = {}) {
    const facts = options.facts ?? (await site());
    const { record } = target.plan(task, facts);
    const events: DeployEvent[] = [];
    const io = createIo({ env: options.env ?? {} });
    const context = { io, host: options.on ?? host, signal: options.signal ?? io.signal, on: (e: DeployEvent) => void events.push(e) };
    const deployment = target.start({ record, task }, context);
    deployment.catch(() => undefined);
    return { deployment, record: record as ComposeRecord, events, context, facts };
  }

  /** A request to the endpoint, through a tunnel. */
  async function ask(live: Deployment, path: string, key?: string) {
    const { port } = live.endpoint as Endpoint;
    const tunnel = await host.tunnel({ port });
    try {
      const response = await fetch(
        `http://${tunnel.address}:${tunnel.port}${path}`,
        key ? { headers: { authorization: `Bearer ${key}` } } : {},
      );
      const text = await response.text();
      return {
        status: response.status,
        body: text.startsWith('{') ? (JSON.parse(text) as { port: string; rest: string[]; env: Record<string, string> }) : text,
      };
    } finally {
      await tunnel.close();
    }
  }
  const whoami = async (live: Deployment, path = '/whoami') =>
    (await ask(live, path)).body as { port: string; rest: string[]; env: Record<string, string> };
  /** Weights are kept, and so are folders for what runs in the background. */
  const clean = async () => {
    const left = await leftovers(machine);
    const kept = new RegExp(`^${machine.home}/(models(/.*)?|bench|\\.local/state(/bench(/processes)?)?)$`);
    return { ...left, files: left.files.filter((file) => !kept.test(file)) };
  };

  async function expectClean() {
    // A process that was told to end is there a moment longer.
    await expect.poll(clean, { timeout: 10_000 }).toEqual(NOTHING);
  }
  const phasesOf = (error: BenchError) => ((error.details?.phases ?? []) as { name: string }[]).map(({ name }) => name);

  async function failure(task: Task, options: Parameters<typeof start>[1] = {}): Promise<BenchError> {
    const { deployment } = await start(task, options);
    const error = await deployment.then(
      () => null,
      (e: unknown) => e,
    );
    if (!BenchError.is(error)) throw error ?? new Error('it came up');
    return error;
  }

  it('finds Docker, compose and the NVIDIA runtime', async () => {
    const { facts, problem } = await inspectContainers(host);
    expect(problem).toBeNull();
    expect(facts).toMatchObject({ docker: ['docker'], compose: { argv: ['docker-compose'], flavour: 'v1' }, nvidiaRuntime: true });
    expect(facts?.compose?.version).toMatch(/^1\.\d+\.\d+$/);
  });

  describe('an engine that comes up', () => {
    let live: Deployment | null = null;
    afterEach(async () => {
      await live?.stop();
      live = null;
      await expectClean();
    });

    it('is two replicas with GPUs of their own behind one port', async () => {
      const task = taskOf(`${recipe({}, ', tensor_parallel_size: 2')}deploy: {gpu: NVIDIA H100 80GB, gpu_count: 4}\n`);
      const facts = await site({ gpuVendor: 'nvidia', gpus: Array.from({ length: 4 }, (_, i) => ({ id: String(i), ...GPU })) });
      expect(target.check(task, facts)).toEqual([]);
      const { deployment, events, record } = await start(task, { facts });
      live = await deployment;
      expect(live.phases.map(({ name, within }) => [name, within])).toEqual([
        ['files', undefined],
        ['image_pull', undefined],
        ['launch', undefined],
        ['model_load', undefined],
        ['smoke_test', undefined],
        ['start', 'model_load'],
      ]);
      const ports = new Set<string>();
      for (let i = 0; i < 4; i++) ports.add((await whoami(live)).port);
      expect([...ports].toSorted()).toEqual(['8000', '8001']);
      expect((await whoami(live, '/_bench/0/whoami')).env.NVIDIA_VISIBLE_DEVICES).toBe('0,1');
      expect((await whoami(live, '/_bench/1/whoami')).env.NVIDIA_VISIBLE_DEVICES).toBe('2,3');
      expect(machine.gpuGrants().map(({ devices }) => devices)).toEqual(expect.arrayContaining(['0,1', '2,3']));
      expect(live.endpoint).toMatchObject({ address: '127.0.0.1', port: 41_000, scope: 'host', server: { resetCachePath: null } });
      const started = events.find((e) => e.type === 'started') as unknown as { record: ComposeRecord };
      expect(started.record.engine.digest).toMatch(/sha256:[0-9a-f]{64}$/);
      const lines: string[] = [];
      for await (const line of live.logs()) lines.push(line);
      expect(lines).toEqual(expect.arrayContaining(['engine-0 | starting good', 'engine-1 | starting good', 'engine-0 | on stderr']));
      expect((await stat(record.logPath)).mode & 0o777).toBe(0o600);
      expect(await readFile(join(record.logPath, '..', 'compose.yaml'), 'utf8')).toContain('engine-1');
      expect((await machine.exec(['ss', '-Hltn'])).stdout.split('\n').filter((l) => l.includes(':41000'))).toEqual([
        expect.stringContaining('127.0.0.1:41000'),
      ]);
    });

    it('gets every string of a recipe as it is, and secrets by a file of mode 0600', async () => {
      const nasty = [
        `it's "q"`,
        '$(touch /tmp/pwned)',
        '`touch /tmp/pwned`',
        '; rm -rf /tmp/x',
        'two\nlines\n',
        '${HOME} $PATH $$',
        'yes',
        '12:30',
        '',
        'é 😀\u2028\u007f\t',
      ];
      const env = { ...Object.fromEntries(nasty.map((value, i) => [`V${i}`, value])), NO: 'no', MINE: { from_env: 'SECRET' } };
      const { deployment, record } = await start(taskOf(recipe({ args: nasty, env })), {
        env: { SECRET: `a "b" $c 'd'\ne: #f`, HF_TOKEN: 'hf_unused' },
      });
      live = await deployment;
      const { rest, env: seen } = await whoami(live);
      expect(rest).toEqual(nasty);
      expect(nasty.map((_, i) => seen[`V${i}`])).toEqual(nasty);
      expect(seen).toMatchObject({ NO: 'no', MINE: `a "b" $c 'd'\ne: #f` });
      const secrets = join(record.hostDir, 'secret-env.yaml');
      expect((await stat(machine.path(secrets))).mode & 0o777).toBe(0o600);
      expect((await stat(machine.path(record.hostDir))).mode & 0o777).toBe(0o700);
      expect(await readFile(machine.path(join(record.hostDir, 'compose.yaml')), 'utf8')).not.toContain('MINE');
      expect((await machine.exec(['ls', '/tmp'])).stdout).not.toContain('pwned');
    });

    it('faces the network only with its key, and is adopted by another process', async () => {
      const { deployment, record, context } = await start(taskOf(recipe()), { facts: await site({ expose: true }) });
      const first = await deployment;
      live = first;
      const key = first.endpoint?.apiKey as string;
      expect(key).toMatch(/^sk-bench-[0-9a-f]{48}$/);
      expect(context.io.redact(`key ${key}`)).toBe('key ***');
      expect((await ask(first, '/whoami')).status).toBe(401);
      expect((await ask(first, '/whoami', `${key}x`)).status).toBe(401);
      expect((await ask(first, '/whoami', key)).status).toBe(200);
      expect((await stat(machine.path(join(record.hostDir, 'api-key.conf')))).mode & 0o777).toBe(0o600);
      expect((await machine.exec(['ss', '-Hltn'])).stdout).toContain('0.0.0.0:41000');
      // As after a crash: the record is all there is.
      await first.release();
      const journalled = JSON.parse(JSON.stringify(first.record)) as ComposeRecord;
      expect(JSON.stringify(journalled)).not.toContain(key);
      const other = await machineHost(machine);
      try {
        const adopted = await target.adopt(journalled, { ...context, host: other });
        expect(adopted?.endpoint).toEqual(first.endpoint);
        expect(adopted?.exited()).toBeNull();
        await adopted?.stop();
        await expectClean();
      } finally {
        await other.close();
      }
    });

    it('has its GPUs to itself: of two runs that were planned at once, the later gives way and leaves nothing', async () => {
      const task = taskOf(`${recipe()}deploy: {gpu: NVIDIA H100 80GB}\n`);
      const gpus = [{ id: '2', ...GPU }];
      const of = (run: string, port: number) =>
        site({
          gpuVendor: 'nvidia',
          gpus,
          freePorts: [port, port + 1],
          namePrefix: `bench-${run}-d1`,
          hostDir: `${machine.home}/bench/${run}`,
        });
      const runs = ['raaaaaaaaa', 'rbbbbbbbbb'];
      const facts = [await of('raaaaaaaaa', 41_100), await of('rbbbbbbbbb', 41_110)];
      const settled = await Promise.allSettled(facts.map(async (f) => (await start(task, { facts: f })).deployment));
      const winner = settled.findIndex(({ status }) => status === 'fulfilled');
      const [up, down] = [settled[winner], settled[1 - winner]];
      if (up?.status !== 'fulfilled' || down?.status !== 'rejected') throw new Error('one of the two must come up, and one must not');
      live = up.value;
      const error = down.reason as BenchError;
      expect([error.code, error.exitCode]).toEqual(['BENCH_GPU_TAKEN', 3]);
      expect(error.message).toContain(`GPU 2 of ${host.name} went to run ${runs[winner]} a moment before`);
      expect((await leftovers(machine)).containers).toHaveLength(1);
      expect((await whoami(live)).env.NVIDIA_VISIBLE_DEVICES).toBe('2');
    });

    it('loads a model of the recipe that was copied to the host', async () => {
      const dir = await mkdtemp(join(folder, 'recipe-'));
      await writeFile(join(dir, 'my model.gguf'), 'weights');
      const { deployment, record } = await start(taskOf('model: {gguf: "my model.gguf"}\nengine: {llm: {contained: {}}}\n', dir));
      live = await deployment;
      expect((await whoami(live)).rest).toEqual(['/bench/models/my model.gguf']);
      expect((await machine.docker(['exec', record.engines[0]!.container, 'cat', '/bench/models/my model.gguf'])).stdout).toBe('weights');
      expect(live.phases.map(({ name }) => name)).toContain('model_download');
    });

    it('goes on loading while the connection is cut', async () => {
      const { deployment, events } = await start(taskOf(recipe({ mode: 'slow' })));
      await expect.poll(() => events.some((e) => e.type === 'log'), { timeout: 30_000 }).toBe(true);
      await machine.dropConnections();
      live = await deployment;
      expect(live.exited()).toBeNull();
      const lines: string[] = [];
      for await (const line of live.logs()) lines.push(line);
      expect(lines.filter((line) => line === 'starting slow')).toHaveLength(1);
    });

    it('says when it dies by itself', async () => {
      const { deployment } = await start(taskOf(recipe()));
      live = await deployment;
      await ask(live, '/die').catch(() => undefined);
      expect(await live.died).toBe('contained ended with code 5');
      expect(live.exited()).toBe('contained ended with code 5');
    });
  });

  describe('weights of Hugging Face', () => {
    const IMAGE = 'bench-test/engine:hf';
    /** Lays files out as the real program does. */
    const HF = String.raw`#!/bin/sh
echo "args: $*"; echo "Fetching 3 files:  33%"
[ "$2" = org/gated ] && { echo 'huggingface_hub.errors.GatedRepoError: 403 Client Error.' >&2; exit 1; }
[ "$2" = org/slow ] && { sleep 4; echo done with it; }
[ "$2" = org/full ] && { echo 'OSError: [Errno 28] No space left on device' >&2; exit 1; }
d=$HF_HOME/hub/models--org--model; mkdir -p $d/refs $d/blobs $d/snapshots/abc
printf abc >$d/refs/main; echo $HF_TOKEN >$d/blobs/1
for i in 1 2; do ln -sf ../../blobs/1 $d/snapshots/abc/model-0000$i-of-00002.safetensors; done
`;
    const hf = (name: string) => taskOf(`model: {huggingface: ${name}}\nengine: {llm: {contained: {image: "${IMAGE}"}}}\n`);
    beforeAll(async () => {
      await machine.docker([
        'run',
        '--name',
        'make',
        '--entrypoint',
        'sh',
        ENGINE_IMAGE,
        '-c',
        'printf %s "$1" >/usr/local/bin/hf; chmod 755 /usr/local/bin/hf',
        'sh',
        HF,
      ]);
      await machine.docker(['commit', '--change', 'ENTRYPOINT ["docker-entrypoint.sh"]', 'make', IMAGE]);
      await machine.docker(['rm', 'make']);
    });
    afterAll(() => machine.docker(['rmi', '-f', IMAGE], { check: false }));

    it('are fetched by the engine’s image with the token, and not again', async () => {
      const env = { HF_TOKEN: 'hf_0123456789abcdefghij' };
      const first = await start(hf('org/model'), { env });
      const live = await first.deployment;
      expect(live.phases.map(({ name }) => name)).toContain('model_download');
      expect(first.events).toContainEqual({ type: 'progress', phase: 'model_download', text: 'args: download org/model' });
      const blob = machine.path(`${machine.home}/models/hub/models--org--model/blobs/1`);
      expect(await readFile(blob, 'utf8')).toBe(`${env.HF_TOKEN}\n`);
      expect((await whoami(live)).env).toMatchObject({ HF_TOKEN: env.HF_TOKEN, HF_HOME: `${machine.home}/models` });
      await live.stop();
      const second = await (await start(hf('org/model'), { env })).deployment;
      expect(second.phases.map(({ name }) => name)).not.toContain('model_download');
      await second.stop();
      // A part that is missing is fetched again.
      await machine.exec(['rm', `${machine.home}/models/hub/models--org--model/snapshots/abc/model-00002-of-00002.safetensors`]);
      const third = await (await start(hf('org/model'), { env })).deployment;
      expect(third.phases.map(({ name }) => name)).toContain('model_download');
      await third.stop();
    });

    it('go on coming while the connection is cut', async () => {
      const { deployment, events } = await start(hf('org/slow'));
      const told = () => events.flatMap((e) => (e.type === 'progress' && e.phase === 'model_download' ? [e.text] : []));
      await expect.poll(told, { timeout: 30_000 }).toContain('args: download org/slow');
      await machine.dropConnections();
      const live = await deployment;
      expect(told().filter((text) => text.startsWith('args:'))).toHaveLength(1);
      expect(told()).toContain('done with it');
      await live.stop();
    });

    it('no longer come once another bench has ended the deployment', async () => {
      const { deployment, events, record, context } = await start(hf('org/slow'));
      await expect.poll(() => events.some((e) => e.type === 'progress' && e.text.startsWith('args:')), { timeout: 30_000 }).toBe(true);
      expect(await target.adopt(record, context)).toBeNull();
      await expect(deployment).rejects.toThrow('fetching org/slow');
      expect({ ...(await clean()), images: [] }).toEqual(NOTHING);
    });

    it('that cannot be had are a reason in one line', async () => {
      const gated = await failure(hf('org/gated'));
      expect([gated.code, gated.message.split('\n')[0], gated.exitCode]).toEqual([
        'BENCH_MODEL_ACCESS',
        `contained did not come up on ${machine.name}: fetching org/gated on ${machine.name}: Hugging Face does not let you have it`,
        4,
      ]);
      const full = await failure(hf('org/full'));
      expect(full.code).toBe('BENCH_DISK_FULL');
      expect((await clean()).containers).toEqual([]);
    });
  });

  describe('an engine that does not come up', () => {
    afterEach(async () => {
      await expectClean();
    });

    it('whose image does not exist', async () => {
      const error = await failure(taskOf(recipe({ image: 'no.such.registry.invalid/engine:9' })));
      expect(error.code).toBe('BENCH_IMAGE_NOT_FOUND');
      expect(error.message).toContain('no.such.registry.invalid/engine:9');
      expect(error.message).toContain('image not found');
      expect(phasesOf(error)).toEqual(['files', 'image_pull']);
    });

    it('whose port is taken', async () => {
      await machine.docker([
        'run',
        '-d',
        '--rm',
        '--name',
        'other',
        '-p',
        '127.0.0.1:41000:1',
        '--entrypoint',
        'sleep',
        ENGINE_IMAGE,
        '60',
      ]);
      try {
        const error = await failure(taskOf(recipe()));
        expect([error.code, error.message]).toEqual([
          'BENCH_PORT_IN_USE',
          `contained did not come up on ${machine.name}: port 41000 of ${machine.name} is taken`,
        ]);
        expect(error.retryable).toBe(true);
      } finally {
        await machine.docker(['rm', '-f', 'other']);
      }
    });

    it('which ends with code 3, with its last log lines', async () => {
      const error = await failure(taskOf(recipe({ mode: 'exit' })));
      expect(error.code).toBe('BENCH_ENGINE_EXITED');
      expect(error.message.split('\n')[0]).toBe(
        `contained did not come up on ${machine.name}: contained ended with code 3 before it was ready`,
      );
      expect(error.message).toContain('\n  | no such device');
      expect(phasesOf(error)).toContain('model_load');
    });

    it('whose log names the failure', async () => {
      const error = await failure(taskOf(recipe({ mode: 'failure' })));
      expect([error.code, error.hint]).toEqual(['BENCH_ENGINE_FAILED', 'use more GPUs']);
      expect(error.message).toContain('its log names a failure: out of GPU memory');
    });

    it('which the kernel ends for want of memory', async () => {
      const error = await failure(taskOf(recipe({ mode: 'eat' }, ', docker_options: {mem_limit: 96m}')));
      expect(error.message.split('\n')[0]).toContain('out of memory');
      expect(error.code).toBe('BENCH_OUT_OF_MEMORY');
    });

    it('whose service compose refuses, or whose limits the host refuses', async () => {
      const unknown = await failure(taskOf(recipe({}, ', docker_options: {no_such_option: 1}')));
      expect(unknown.code).toBe('BENCH_COMPOSE_INVALID');
      expect(unknown.message).toContain('no_such_option');
    });

    it('because it was stopped by the user', async () => {
      const stop = new AbortController();
      const { deployment, events } = await start(taskOf(recipe({ mode: 'failure' }).replace('failure', 'slow')), { signal: stop.signal });
      await expect.poll(() => events.some((e) => e.type === 'log'), { timeout: 30_000 }).toBe(true);
      stop.abort();
      await expect(deployment).rejects.toMatchObject({ name: 'AbortError' });
    });
  });

  it('ends what is left of a deployment that cannot be adopted', async () => {
    const { deployment, context } = await start(taskOf(recipe()));
    const live = await deployment;
    await live.release();
    await machine.docker(['kill', (live.record as ComposeRecord).engines[0]!.container]);
    expect(await target.adopt(live.record, context)).toBeNull();
    await expectClean();
    expect(await target.adopt(live.record, context)).toBeNull();
  });

  it.each(['launch', 'model_load'])('ends what a bench left that was killed in the phase %s', async (phase) => {
    let tell = () => {};
    const reached = new Promise<void>((done) => (tell = done));
    const task = taskOf(recipe({ mode: 'failure' }));
    const { record } = target.plan(task, await site());
    const io = createIo({ env: {} });
    // Whoever is told of the phase never answers: nothing more happens.
    const on = (event: DeployEvent) => {
      if (event.type !== 'phase' || event.phase !== phase) return;
      tell();
      return new Promise<void>(() => undefined);
    };
    void target.start({ record, task }, { io, host, on });
    await reached;
    expect(await target.adopt(record, { io, host, on: () => undefined })).toBeNull();
    await expectClean();
  });

  it('tells of a daemon that died, and of what it could not take down', async () => {
    const { deployment } = await start(taskOf(recipe()));
    const live = await deployment;
    await machine.killDockerd();
    try {
      expect(await live.died).toBe(`the Docker daemon of ${machine.name} does not answer`);
      const error = await live.stop().catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'BENCH_CLEANUP_INCOMPLETE', exitCode: 6 });
      expect((error as BenchError).message).toContain(machine.name);
      expect((error as BenchError).hint).toContain(`label=com.docker.compose.project=${(live.record as ComposeRecord).project}`);
    } finally {
      await machine.startDockerd();
    }
    await live.stop();
    await expectClean();
  });

  it.each([
    ['a user who may not use Docker', { dockerGroup: false }, 'BENCH_DOCKER_PERMISSION', 'usermod -aG docker'],
    ['no daemon', { docker: false }, 'BENCH_DOCKER_UNREACHABLE', 'systemctl start docker'],
    ['no Docker', { docker: false, hiddenPrograms: ['docker'] }, 'BENCH_DOCKER_MISSING', 'docs.docker.com'],
    ['no compose', { hiddenPrograms: ['docker-compose'] }, 'BENCH_COMPOSE_MISSING', 'docker-compose-plugin'],
  ] as const)('a machine with %s is told what to do', async (_what, options, code, fix) => {
    const other = await startMachine(options);
    const on = await machineHost(other);
    try {
      const { facts, problem } = await inspectContainers(on);
      expect([problem?.code, problem?.message.includes(other.name), problem?.hint]).toEqual([code, true, expect.stringContaining(fix)]);
      expect(facts === null).toBe(code !== 'BENCH_COMPOSE_MISSING');
    } finally {
      await on.close();
      await other.stop();
    }
  });

  it('a machine with the compose plugin is served by it', async () => {
    const plugin = String.raw`#!/bin/sh
[ "$1" = compose ] || exec /usr/bin/docker "$@"
shift
[ "$*" = 'version --short' ] && { echo v2.30.0; exit; }
echo "$*" >>/tmp/compose-calls
exec /usr/bin/docker-compose "$@"
`;
    const other = await startMachine({ files: [{ path: 'usr/local/bin/docker', content: plugin, mode: 0o755 }] });
    const on = await open(other);
    try {
      const facts = await siteOn(on, other.home)();
      expect(facts.containers?.compose).toEqual({ argv: ['docker', 'compose'], version: '2.30.0', flavour: 'v2' });
      const live = await (await start(taskOf(recipe()), { facts, on })).deployment;
      expect(await readFile(other.path('/tmp/compose-calls'), 'utf8')).toMatch(/^--project-name bench-test-d\d+ .* up -d --no-build\n$/);
      await live.stop();
      expect((await leftovers(other)).containers).toEqual([]);
    } finally {
      await on.close();
      await other.stop();
    }
  });

  it('a machine without the NVIDIA runtime, and one with a full disk, are left clean', async () => {
    const other = await startMachine({ homeSizeMiB: 2 });
    const on = await open(other);
    try {
      const facts = await siteOn(on, other.home)({ gpuVendor: 'nvidia' });
      expect(facts.containers?.nvidiaRuntime).toBe(false);
      const task = taskOf(`${recipe()}deploy: {gpu: NVIDIA H100 80GB}\n`);
      const gpu = await failure(task, { facts, on });
      expect([gpu.code, gpu.exitCode, gpu.message]).toEqual([
        'BENCH_GPU_RUNTIME',
        3,
        expect.stringContaining('cannot hand GPUs to containers'),
      ]);
      await other.execAsUser(['sh', '-c', 'cat /dev/zero >fill'], { check: false });
      const full = await failure(taskOf(recipe()), { facts: await siteOn(on, other.home)(), on });
      expect([full.code, full.exitCode]).toEqual(['BENCH_DISK_FULL', 3]);
      const left = await leftovers(other);
      // Empty folders of the host's processes stay; whoever ends a run removes them.
      const usual = /fill$|bench$|\/\.local\/state$|\/bench\/processes$/;
      expect([left.containers, left.networks, left.files.filter((f) => !usual.test(f))]).toEqual([[], [], []]);
    } finally {
      await on.close();
      await other.stop();
    }
  });
});
