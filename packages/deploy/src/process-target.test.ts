import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError, createIo, processAlive } from '@bench/core';
import { freePort, localHost } from '@bench/host';
import { BUILTIN_ENGINES, expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { type DeployEvent, type Endpoint, findPrograms, processTarget, type SiteFacts } from './index.ts';
import type { ProcessRecord } from './process-target.ts';
import { scriptEngine, SERVER } from './testing/script-engine.ts';

const engines = [scriptEngine];
const target = processTarget({ engines, platform: 'linux-x64' });

function task(options: { mode?: string; deploy?: string; model?: string; env?: string } = {}): Task {
  const yaml = `model: ${options.model ?? '{huggingface: org/m}'}
engine: {llm: {script: {mode: ${options.mode ?? 'good'}, env: ${options.env ?? '{}'}}}}
deploy: ${options.deploy ?? '{}'}
`;
  const loaded = parseRecipe(yaml, { file: '/r/recipe.yaml', dir: tmpdir(), name: 'r' }, { engines });
  return expandRecipe(loaded)[0] as Task;
}

async function site(): Promise<SiteFacts> {
  return {
    site: 'local',
    gpuVendor: null,
    gpus: [],
    freePorts: [await freePort()],
    deploymentId: 'd1',
    namePrefix: 'bench-test-d1',
    deploymentDir: await mkdtemp(join(tmpdir(), 'bench-deploy-')),
    hostDir: tmpdir(),
    modelDir: tmpdir(),
    expose: false,
    programs: { script: { argv: [process.execPath, '-e', SERVER], version: '1.2.3' } },
  };
}

async function start(t: Task, options: { env?: Record<string, string>; signal?: AbortSignal } = {}) {
  const facts = await site();
  const { record } = target.plan(t, facts);
  const events: DeployEvent[] = [];
  const io = createIo({ env: options.env ?? {} });
  const deployment = target.start(
    { record, task: t },
    { io, ...(options.signal ? { signal: options.signal } : {}), on: (e) => void events.push(e) },
  );
  return { deployment, record, events };
}

const untilGone = (pid: number) => expect.poll(() => processAlive(pid), { timeout: 4000, interval: 20 }).toBe(false);
const pidIn = (lines: string[]) => Number(lines.find((l) => l.startsWith('child '))?.slice(6));

describe('a good engine', () => {
  it('comes up, passes its smoke test, and goes with everything it started', async () => {
    const { deployment, events } = await start(task());
    const live = await deployment;
    expect(live.endpoint as Endpoint).toMatchObject({
      address: '127.0.0.1',
      scope: 'host',
      model: 'org/m',
      api: 'chat',
      healthPaths: ['/health'],
    });
    expect(live.phases.map((p) => [p.name, p.within])).toEqual([
      ['launch', undefined],
      ['model_load', undefined],
      ['smoke_test', undefined],
      ['start', 'model_load'],
    ]);
    expect(live.exited()).toBeNull();
    const started = events.find((e) => e.type === 'started') as unknown as { record: ProcessRecord };
    expect(started.record.pid).toBeGreaterThan(0);
    const lines: string[] = [];
    for await (const line of live.logs()) lines.push(line);
    const child = pidIn(lines);
    expect(processAlive(child)).toBe(true);
    await live.stop();
    await live.stop();
    await untilGone(child);
    await untilGone(started.record.pid as number);
  });

  it('with a short context is asked for no more than fits', async () => {
    const short = parseRecipe(
      'model: {huggingface: org/m}\nengine: {llm: {context_length: 64, script: {}}}\n',
      { file: '/r/recipe.yaml', dir: tmpdir(), name: 'r' },
      { engines },
    );
    const live = await (await start(expandRecipe(short)[0] as Task)).deployment;
    await live.stop();
    expect(live.phases.map((p) => p.name)).toContain('smoke_test');
  });

  it('says when it dies by itself', async () => {
    const live = await (await start(task({ mode: 'die', deploy: '{smoke_test: false}' }))).deployment;
    await fetch(`http://127.0.0.1:${(live.endpoint as Endpoint).port}/x`).catch(() => undefined);
    expect(await live.died).toContain('code 3');
    expect(live.exited()).toContain('code 3');
    await live.stop();
  });

  it('serves embeddings of unit length', async () => {
    const live = await (await start(task({ model: '{huggingface: org/e, task: embed}' }))).deployment;
    expect((live.endpoint as Endpoint).api).toBe('embeddings');
    await live.stop();
  });
});

describe('an engine that does not come up', () => {
  async function failure(t: Task, options: Parameters<typeof start>[1] = {}): Promise<BenchError> {
    const { deployment } = await start(t, options);
    const error: unknown = await deployment.then(
      (d) => d.stop(),
      (e: unknown) => e,
    );
    if (!BenchError.is(error)) throw new Error(`expected a BenchError, got ${String(error)}`);
    return error;
  }

  it('that exits: its code, and its last words', async () => {
    const error = await failure(task({ mode: 'exit' }));
    expect(error.code).toBe('BENCH_ENGINE_EXITED');
    expect(error.message).toContain('script did not come up: script ended with code 9');
    expect(error.message).toContain('| CUDA error: no device');
    expect(error.details?.['phases']).toMatchObject([{ name: 'launch' }, { name: 'model_load' }, expect.anything()]);
  });

  it('that exits at once: its code, every time', async () => {
    for (let i = 0; i < 12; i++) expect((await failure(task({ mode: 'quick' }))).message).toContain('ended with code 7');
  });

  it('whose log names the reason while it hangs: the reason, and what to do', async () => {
    const error = await failure(task({ mode: 'oom' }));
    expect(error.message).toContain('out of memory');
    expect(error.hint).toBe('use a bigger machine');
  });

  it.each([
    ['silent', '{}', 'gave no tokens'],
    ['broken', '{}', 'answered 500 (answer: kernel crashed)'],
    ['good', '{smoke_test: {prompt: "Capital of France?", contains: Paris}}', 'does not contain "Paris"'],
  ])('whose smoke test fails (%s)', async (mode, deploy, reason) => {
    const error = await failure(task({ mode, deploy }));
    expect(error.code).toBe('BENCH_SMOKE_TEST');
    expect(error.message).toContain(reason);
  });

  it('whose embedding is not of unit length', async () => {
    expect((await failure(task({ mode: 'long', model: '{huggingface: org/e, task: embed}' }))).message).toContain('length 5.000');
  });

  it('when aborted: is gone, and the reason is the abort', async () => {
    const controller = new AbortController();
    const { deployment, events } = await start(task({ mode: 'never' }), { signal: controller.signal });
    deployment.catch(() => undefined);
    let lines: string[] = [];
    for (let i = 0; i < 200 && !lines.some((l) => l.startsWith('child ')); i++) {
      await delay(20);
      lines = events.filter((e) => e.type === 'log').map((e) => e.line);
    }
    controller.abort();
    await expect(deployment).rejects.toMatchObject({ name: 'AbortError' });
    await untilGone(pidIn(lines));
  });
});

describe('secrets', () => {
  it('reach the engine and stay out of the record', async () => {
    const { deployment, record } = await start(task({ env: '{SECRET_VALUE: {from_env: MY_TOKEN}}' }), {
      env: { MY_TOKEN: 'hunter2hunter2' },
    });
    const live = await deployment;
    const lines: string[] = [];
    for await (const line of live.logs()) lines.push(line);
    await live.stop();
    expect(lines).toContain('secret has 14 characters');
    expect((await stat(record.logPath)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify([record, live.record])).not.toContain('hunter2');
  });

  it('that the engine prints are masked in the error', async () => {
    const { deployment } = await start(task({ mode: 'leak', env: '{SECRET_VALUE: {from_env: MY_TOKEN}}' }), {
      env: { MY_TOKEN: 'hunter2hunter2' },
    });
    const error: unknown = await deployment.catch((e: unknown) => e);
    expect((error as Error).message).toContain('| token is ***');
    expect((error as Error).message).not.toContain('hunter2');
  });

  it('that are not set are named before anything starts', async () => {
    const { deployment } = await start(task({ env: '{SECRET_VALUE: {from_env: MY_TOKEN}}' }));
    await expect(deployment).rejects.toMatchObject({
      code: 'BENCH_SECRET_MISSING',
      message: expect.stringContaining('MY_TOKEN') as string,
    });
  });
});

describe('before anything starts', () => {
  it('an engine that is not installed is refused with what to do', async () => {
    const facts = { ...(await site()), programs: {} };
    expect(target.check(task(), facts)).toMatchObject([
      { code: 'BENCH_ENGINE_MISSING', message: expect.stringContaining('"script"') as string },
    ]);
    const builtin = expandRecipe(
      parseRecipe('model: {random: tiny}\nengine: {llm: {embedded: {}}}\n', { file: '/r/recipe.yaml', name: 'r' }),
    )[0] as Task;
    expect(processTarget({ platform: 'linux-x64' }).check(builtin, facts)[0]?.hint).toContain(
      'npm i --omit=optional @bench/embedded-engine @node-llama-cpp/linux-x64',
    );
  });

  it('a GPU that is not there, too few of it, or another kind of it is refused', async () => {
    const gpus = [
      { id: '0', name: 'NVIDIA L4', memoryMiB: 23034 },
      { id: '1', name: 'NVIDIA H100 PCIe', memoryMiB: 81559 },
      { id: '2', name: 'NVIDIA H200', memoryMiB: 143771 },
    ];
    const facts = { ...(await site()), gpus, gpuVendor: 'nvidia' as const };
    const problems = (deploy: string) => target.check(task({ deploy }), facts).map((p) => p.message);
    expect(problems('{gpu: NVIDIA H200 141GB}')).toEqual([]);
    expect(problems('{gpu: NVIDIA B200}')[0]).toContain(
      'needs 1× NVIDIA B200; this machine has 1× NVIDIA L4, 1× NVIDIA H100 PCIe, 1× NVIDIA H200',
    );
    expect(problems('{gpu: NVIDIA H100 80GB HBM3}')).toHaveLength(1);
    expect(problems('{gpu: NVIDIA H200, gpu_count: 2}')[0]).toContain('2 instances behind one endpoint');
    expect(target.plan(task({ deploy: '{gpu: NVIDIA H200}' }), facts).record).toMatchObject({
      env: { CUDA_VISIBLE_DEVICES: '2', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' },
    });
    expect(target.plan(task({ deploy: '{gpu: NVIDIA H200}' }), { ...facts, gpuVendor: 'amd' }).record).toMatchObject({
      env: { HIP_VISIBLE_DEVICES: '2' },
    });
  });

  it('what only a container could honour is refused', async () => {
    const yaml =
      'model: {huggingface: org/m}\nengine: {llm: {docker_options: {privileged: true}, vllm: {image: "vllm/vllm-openai:v1"}}}\nbenchmark: {client: vllm}\n';
    const [vllmTask] = expandRecipe(parseRecipe(yaml, { file: '/r/recipe.yaml', name: 'r' }));
    const facts = { ...(await site()), programs: { vllm: { argv: ['vllm'] as [string] } } };
    expect(
      processTarget()
        .check(vllmTask as Task, facts)
        .map((p) => p.message),
    ).toEqual([
      expect.stringContaining('image "vllm/vllm-openai:v1" needs a container site'),
      expect.stringContaining('docker_options needs a container site'),
      expect.stringContaining('benchmark.client "vllm" needs a container site'),
    ]);
  });

  it('a plan is the same for the same input', async () => {
    const facts = await site();
    expect(target.plan(task(), facts)).toEqual(target.plan(task(), facts));
    expect(target.plan(task(), facts).steps.map((s) => s.description)).toEqual(['start script', 'wait until healthy', 'smoke test']);
  });

  it('programs that are not there are not found', async () => {
    const absent = {
      ...scriptEngine,
      program: { argv: ['no-such-thing'] as const, needs: { command: 'no-such-thing' }, install: () => '' },
    };
    const there = { ...scriptEngine, name: 'there', program: { argv: ['sh', '-x'] as const, needs: { command: 'sh' }, install: () => '' } };
    const found = await findPrograms({ engines: [...BUILTIN_ENGINES, absent, there], folders: [tmpdir()], host: localHost() });
    expect(found['there']).toEqual({ argv: ['sh', '-x'] });
    expect(found['script']).toBeUndefined();
    expect(found['embedded']).toBeUndefined();
  });

  it('an engine that is a package is found from the folder up, and must speak the same protocol', async () => {
    const root = await mkdtemp(join(tmpdir(), 'bench-package-'));
    const install = async (answer: string) => {
      const dir = join(root, 'node_modules', '@x', 'engine');
      await mkdir(dir, { recursive: true });
      await writeFile(join(dir, 'package.json'), JSON.stringify({ name: '@x/engine', bin: { xe: 'bin.cjs' } }));
      await writeFile(join(dir, 'bin.cjs'), answer);
    };
    const engine = {
      ...scriptEngine,
      program: { argv: ['xe'] as const, needs: { nodePackage: '@x/engine', bin: 'xe', protocol: 2 }, install: () => 'npm i @x/engine' },
    };
    const find = () => findPrograms({ engines: [engine], folders: [join(root, 'deep', 'er')], host: localHost() });
    expect(await find()).toEqual({});
    await install('console.log(JSON.stringify({ protocol: 2, version: "0.3.0" }))');
    expect(await find()).toEqual({ script: { argv: [process.execPath, join(root, 'node_modules/@x/engine/bin.cjs')], version: '0.3.0' } });
    await install('console.log(JSON.stringify({ protocol: 1, version: "0.2.0" }))');
    await expect(find()).rejects.toMatchObject({ code: 'BENCH_ENGINE_PROTOCOL', exitCode: 3 });
    await install('throw new Error("no native build for this machine")');
    await expect(find()).rejects.toMatchObject({
      code: 'BENCH_ENGINE_BROKEN',
      message: expect.stringContaining('@x/engine does not run') as string,
    });
  });
});

it('what a slow death left behind is ended on adopt, and a reused process id is left alone', async () => {
  const { deployment } = await start(task());
  const record = (await deployment).record as ProcessRecord;
  const context = { io: createIo(), on: () => undefined };
  const reused: ProcessRecord = { ...record, pidStart: '1' };
  expect(await target.adopt(reused, context)).toBeNull();
  expect(processAlive(record.pid as number)).toBe(true);
  expect(await target.adopt(record, context)).toBeNull();
  await untilGone(record.pid as number);
});
