import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Io } from '@bench/core';
import { type Machine, providerError, type RentedMachine, type Workload } from '@bench/provisioning';
import { type FakeContainer, processContainers } from '@bench/provisioning/testing';
import { BUILTIN_ENGINES, type Engine, expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { containerTarget, type DeployEvent, type DeploymentRecord } from '../index.ts';
import { containerEngine, ENGINE_IMAGE } from '../testing/container-engine.ts';
import { testSite } from '../testing/site.ts';
import type { ContainerRecord } from './container-record.ts';
import { linesAfter } from './copy-log.ts';

const TOKEN = 'hf_plantedtoken0123456789';
const engine: Engine = { ...containerEngine, container: { apiKey: { env: 'ENGINE_KEY' } } };
const engines = [engine, ...BUILTIN_ENGINES];
const target = containerTarget({ engines });

function taskOf(yaml: string): Task {
  const loaded = parseRecipe(yaml, { file: '/r/recipe.yaml', dir: tmpdir(), name: 'r' }, { engines });
  return expandRecipe(loaded)[0] as Task;
}
const task = (mode = 'good', more = '') => taskOf(`model: {huggingface: org/m}\nengine: {llm: {contained: {mode: ${mode}}}}\n${more}`);

/** A provider of one machine: its containers are processes of this computer. */
function rentals(io: Io) {
  const containers = processContainers({ [ENGINE_IMAGE]: [process.execPath] });
  const asked: { workload: Workload; secrets: readonly string[] }[] = [];
  const ended: string[] = [];
  const machines = new Map<string, RentedMachine & { take(): void }>();
  let container: FakeContainer | null = null;
  const rented = (name: string, running: FakeContainer) => {
    let lose: (error: ReturnType<typeof providerError>) => void = () => undefined;
    const published = [...running.ports].map(([port, publicPort]) => ({ port, host: running.host, publicPort }));
    const now = io.monotonic();
    return {
      name,
      machine: () => ({ published }) as unknown as Machine,
      connection: null,
      times: { intentMs: now - 30, createdMs: now - 20, runningMs: now },
      lost: new Promise((resolve) => (lose = resolve)),
      logs: async function* () {
        yield* running.log().split('\n').slice(0, -1);
      },
      end: async (reason: string) => {
        ended.push(reason);
        machines.delete(name);
        await running.end();
      },
      release: () => undefined,
      take: () => lose(providerError({ kind: 'preempted', provider: 'p', op: 'observe', message: `${name} was taken away: outbid` })),
    } as unknown as RentedMachine & { take(): void };
  };
  return {
    asked,
    ended,
    machines,
    exitCode: () => container?.exitCode() ?? null,
    close: () => containers.close(),
    rentals: {
      rent: async (workload: Extract<Workload, { kind: 'container' }>, options: { secrets: readonly string[] }) => {
        asked.push({ workload, secrets: options.secrets });
        container = await containers.start({ id: 'm1', ...workload, entrypoint: null });
        const machine = rented('bench-abc123-r1-0', container);
        machines.set(machine.name, machine);
        return machine;
      },
      adopt: (name: string) => Promise.resolve(machines.get(name) ?? null),
    },
  };
}

async function begin(t: Task, options: { signal?: AbortSignal } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'bench-container-'));
  const lines: string[] = [];
  const io = createIo({ env: { HF_TOKEN: TOKEN }, logger: { log: (...entry) => void lines.push(JSON.stringify(entry)) } });
  const provider = rentals(io);
  const { record, steps } = target.plan(t, testSite({ deploymentDir: dir, hostDir: '/nowhere' }));
  const events: DeployEvent[] = [];
  const context = {
    io,
    engines,
    rentals: provider.rentals,
    ...(options.signal ? { signal: options.signal } : {}),
    on: (event: DeployEvent) => void events.push(event),
  };
  return {
    dir,
    lines,
    io,
    provider,
    record: record as ContainerRecord,
    steps,
    events,
    context,
    start: () => target.start({ record, task: t }, context),
  };
}

describe('what cannot be a rented container is refused before anything costs', () => {
  const problems = (yaml: string) =>
    target.check(taskOf(yaml), testSite({ deploymentDir: '/x', hostDir: '/x' })).map(({ message, hint }) => `${message} | ${hint}`);
  const llm = 'model: {huggingface: org/m}\n';

  it.each([
    [
      'several engines',
      `${llm}deploy: {gpu: NVIDIA H200 141GB, gpu_count: 8}\n`,
      /8 GPUs at 1 an engine are 8 engines behind a balancer.*--workload vm/,
    ],
    ['options of compose', `${llm}engine: {llm: {docker_options: {security_opt: ["x"]}, vllm: {}}}\n`, /docker_options.*--workload vm/],
    ['a command', 'command: {run: "true"}\n', /a command recipe has none.*--workload vm/],
    ['a service', 'service: {image: redis, port: 6379}\nclients: {c: {image: x, command: y}}\n', /a service recipe has none/],
    ['a file of weights', 'model: {gguf: /m/a.gguf}\n', /cannot be brought/],
    [
      'a client of the engine',
      `${llm}benchmark: {client: vllm, random_input_len: 9, random_output_len: 9, num_prompts: 1}\n`,
      /runs beside the engine/,
    ],
    ['an image of this machine', 'model: {random: tiny}\n', /no registry has the image.*engine.llm.embedded.image/],
    ['an engine without a key', `${llm}engine: {llm: {open: {}}}\n`, /cannot ask for an API key/],
  ])('%s', (_what, yaml, why) => {
    const open: Engine = { ...containerEngine, name: 'open' };
    const all = [...engines, open];
    const t = expandRecipe(parseRecipe(yaml, { file: '/r', dir: tmpdir(), name: 'r' }, { engines: all }))[0] as Task;
    const found = containerTarget({ engines: all }).check(t, testSite({ deploymentDir: '/x', hostDir: '/x' }));
    expect(found.map(({ message, hint }) => `${message} | ${hint}`).join('\n')).toMatch(why);
  });

  it('what can be is not', () => {
    expect(problems(`${llm}engine: {llm: {tensor_parallel_size: 2, vllm: {}}}\ndeploy: {gpu: NVIDIA H200 141GB, gpu_count: 2}\n`)).toEqual(
      [],
    );
    expect(problems('model: {random: tiny}\nengine: {llm: {embedded: {image: registry.example/embedded:1}}}\n')).toEqual([]);
    expect(problems(`${llm}engine: {llm: {sglang: {}}}\n`)).toEqual([]);
  });
});

it('a plan shows what would be rented, and no secret', () => {
  const t = taskOf(
    'model: {huggingface: org/m}\nengine: {llm: {vllm: {extra_env: {A: b, S: {from_env: SECRET}}}}}\ndeploy: {gpu: NVIDIA H200 141GB}\n',
  );
  const { record, steps } = target.plan(t, testSite({ deploymentDir: '/run/d1', hostDir: '/x' }));
  expect(record).toMatchObject({
    target: 'container',
    image: 'vllm/vllm-openai:latest',
    env: { A: 'b', S: { from_env: 'SECRET' } },
    apiKey: { env: 'VLLM_API_KEY' },
    machine: null,
  });
  const command = steps.find((step) => step.kind === 'command');
  expect(command?.argv.slice(0, 14).join(' ')).toBe(
    'docker run -p 8000 -e A=b -e S=*** -e HF_TOKEN=*** -e VLLM_API_KEY=*** vllm/vllm-openai:latest --model',
  );
  const sglang = target.plan(
    taskOf('model: {huggingface: org/m}\nengine: {llm: {sglang: {}}}\n'),
    testSite({ deploymentDir: '/run/d1', hostDir: '/x' }),
  );
  const argv = sglang.steps.find((step) => step.kind === 'command')?.argv ?? [];
  expect(argv.slice(argv.indexOf('--entrypoint'), argv.indexOf('--entrypoint') + 5)).toEqual([
    '--entrypoint',
    'python3',
    'lmsysorg/sglang:latest',
    '-m',
    'sglang.launch_server',
  ]);
  expect(argv.slice(-2)).toEqual(['--api-key', '***']);
  expect(sglang.record.engine.command?.join(' ')).not.toContain('--api-key');
});

describe('a container', () => {
  it('comes up behind a key, and ends with its rental', async () => {
    const b = await begin(task());
    const live = await b.start();
    const [{ workload, secrets }] = b.provider.asked as [(typeof b.provider.asked)[0]];
    const key = live.endpoint?.apiKey ?? '';
    expect(key).toMatch(/^sk-bench-[0-9a-f]{48}$/);
    expect(workload).toMatchObject({ kind: 'container', image: ENGINE_IMAGE, ports: [8000], env: { HF_TOKEN: TOKEN, ENGINE_KEY: key } });
    expect(secrets).toEqual([key, TOKEN]);
    expect(live.endpoint).toMatchObject({ address: '127.0.0.1', scope: 'public', model: 'org/m', api: 'chat', healthPaths: ['/health'] });
    expect(live.record).toMatchObject({ machine: 'bench-abc123-r1-0', port: live.endpoint?.port });
    expect(live.phases.map(({ name }) => name)).toEqual(['rent', 'machine_start', 'model_load', 'smoke_test', 'start']);
    expect(live.exited()).toBeNull();
    const started = b.events.find((event) => event.type === 'started');
    expect(started?.record).toEqual(live.record);
    expect((await stat(live.record.logPath)).size).toBeGreaterThan(0);
    expect((await stat(b.record.keyPath)).mode & 0o777).toBe(0o600);
    // Nothing that is kept or told holds a secret.
    const kept = await Promise.all(
      (await readdir(b.dir)).filter((name) => name !== 'api-key').map((name) => readFile(join(b.dir, name), 'utf8')),
    );
    const told = JSON.stringify([kept, b.lines, b.events, b.steps, live.record]);
    expect(told).not.toContain(key);
    expect(told).not.toContain(TOKEN);
    expect(b.lines.join('\n')).toMatch(/travel unencrypted/);
    await live.stop();
    await live.stop();
    expect(b.provider.ended).toEqual(['its deployment was stopped']);
    expect(b.provider.exitCode()).not.toBeNull();
    await expect(stat(b.record.keyPath)).rejects.toThrow('ENOENT');
  });

  it('whose engine names a failure is ended, with the reason and its log', async () => {
    const b = await begin(task('failure'));
    await expect(b.start()).rejects.toMatchObject({
      code: 'BENCH_ENGINE_FAILED',
      hint: 'use more GPUs',
      message: expect.stringMatching(/contained did not come up on bench-abc123-r1-0: .*out of GPU memory[^]*\| OUT OF MEMORY/) as string,
    });
    expect(b.provider.ended).toEqual(['it did not come up']);
    expect(await readdir(b.dir)).toEqual(['engine.log']);
  });

  it('that is taken away while it loads is told of at once', async () => {
    const slow = await begin(task('slow'));
    const starting = slow.start();
    await expect.poll(() => slow.provider.machines.size, { timeout: 5000 }).toBe(1);
    [...slow.provider.machines.values()][0]?.take();
    await expect(starting).rejects.toThrow(/its machine is gone: p: bench-abc123-r1-0 was taken away: outbid/);
    expect(slow.provider.ended).toEqual(['it did not come up']);
  });

  it('that is taken away later has died of it', async () => {
    const b = await begin(task());
    const live = await b.start();
    b.provider.machines.get('bench-abc123-r1-0')?.take();
    await expect(live.died).resolves.toMatch(/taken away: outbid/);
    expect(live.exited()).toMatch(/taken away/);
    await live.stop();
    expect(b.provider.machines.size).toBe(0);
  });

  it('is ended when the user stops it on its way', async () => {
    const stop = new AbortController();
    const b = await begin(task('slow'), { signal: stop.signal });
    const starting = b.start();
    await expect.poll(() => b.events.some((event) => event.type === 'phase' && event.phase === 'model_load'), { timeout: 5000 }).toBe(true);
    stop.abort();
    await expect(starting).rejects.toThrow('aborted');
    expect(b.provider.ended).toEqual(['it did not come up']);
  });

  it('of another process is taken over with its key, once it is healthy', async () => {
    const b = await begin(task());
    const live = await b.start();
    await live.release();
    const again = await target.adopt(live.record, b.context);
    expect(again?.endpoint).toEqual(live.endpoint);
    await again?.stop();
    expect(b.provider.ended).toEqual(['its deployment was stopped']);
    expect(await target.adopt(live.record, b.context)).toBeNull();
  });

  it('that cannot be taken over is ended', async () => {
    const b = await begin(task());
    const live = await b.start();
    await live.release();
    const gone: DeploymentRecord = { ...live.record, keyPath: join(b.dir, 'none') } as DeploymentRecord;
    expect(await target.adopt(gone, b.context)).toBeNull();
    expect(b.provider.ended).toEqual(['it cannot be taken over']);
  });

  it('that was never rented is nothing to take over', async () => {
    const b = await begin(task());
    expect(await target.adopt(b.record, b.context)).toBeNull();
  });

  it('is nothing that a site without providers has', async () => {
    const b = await begin(task());
    const { rentals: _none, ...context } = b.context;
    await expect(target.start({ record: b.record, task: task() }, context)).rejects.toMatchObject({ code: 'BENCH_SITE_UNFIT' });
  });
});

it('of a log that is given by its end, what is new is what comes after what is known', () => {
  expect(linesAfter([], ['a', 'b'])).toEqual(['a', 'b']);
  expect(linesAfter(['a'], ['a', 'a', 'b'])).toEqual(['a', 'b']);
  expect(linesAfter(['a', 'b'], ['a', 'b'])).toEqual([]);
  expect(linesAfter(['a', 'b', 'c'], ['c', 'd'])).toEqual(['d']);
  expect(linesAfter(['a', 'b', 'c', 'x'], ['b', 'c', 'x', 'y', 'x', 'z'])).toEqual(['y', 'x', 'z']);
  expect(linesAfter(['a'], ['m', 'n'])).toEqual(['m', 'n']);
});
