import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type FakeCloudrift,
  type FakeCloudriftOptions,
  type FakeMachines,
  inProcessMachines,
  startFakeCloudrift,
} from '@bench/provisioning/testing';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { type CloudUser, cloudUser, live, namespaceMachines } from './cloud.ts';
import { folder, show } from './cli.ts';

const KEY = 'rift_planted-key-of-a-test-7d1f';

interface Site extends CloudUser {
  cloud: FakeCloudrift;
}

/** A user of a fake CloudRift that lasts as long as the test. */
async function site(test: TestContext, options: FakeCloudriftOptions = {}): Promise<Site> {
  const machines = options.machines ?? inProcessMachines({ root: join(await folder(), 'machines') });
  const cloud = await startFakeCloudrift({ keys: [KEY], misbehave: 'all', ...options, machines });
  test.onTestFinished(() => cloud.close());
  const user = await cloudUser({ CLOUDRIFT_API_URL: cloud.server.url, CLOUDRIFT_API_KEY: KEY });
  return { ...user, cloud };
}

async function recipe(root: string, name: string, yaml: string): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'recipe.yaml'), yaml);
  return dir;
}

/** A program that says how many GPUs it has; `seconds` to be interrupted in. */
const command = (more: { gpus?: string; seconds?: number; n?: string } = {}) => `command:
  run: |
    nvidia-smi -L > $task_dir/gpus.txt
    sleep ${more.seconds ?? 0}
    printf '{"answer": %s}' "$n" > $task_dir/metrics.json
  result_files: [metrics.json, gpus.txt]
  timeout: 2m
deploy: {gpu: RTX 4090, gpu_count: 1}
matrices: {cross: {n: ${more.n ?? '[1]'}${more.gpus === undefined ? '' : `, deploy.gpu: ${more.gpus}`}}}
`;

// Most of their time they wait.
describe.concurrent('a run on machines of CloudRift that answer', () => {
  it('rents, measures, tells what it cost, and gives back', async (test) => {
    const { root, bench, view, cloud } = await site(test);
    cloud.foreign('bench-zzzzzz-r000000000-0');
    const finished = await bench(['run', await recipe(root, 'speed', command({ n: '[1, 2]' })), '--on', 'cloudrift', '--yes']);
    expect(finished.code, show(finished)).toBe(0);
    const run = await view();
    expect(run.problems).toEqual([]);
    expect(run.tasks).toHaveLength(2);
    for (const task of run.tasks) expect(task.points[0]?.result?.counts).toBeDefined();
    expect(show(finished)).toMatch(/cost: \$0\.00/);
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 1, createsLost: 0 });
    // Somebody else's is none of ours.
    expect(live(cloud)).toEqual(['bench-zzzzzz-r000000000-0']);
    expect(cloud.truth().terminates.map(({ name }) => name?.slice(0, 13))).not.toContain('bench-zzzzzz-');
    expect(cloud.server.errors).toEqual([]);
    expect(show(finished)).not.toContain(KEY);
    expect(await readFile(join(run.dir, 'journal.jsonl'), 'utf8')).not.toContain(KEY);
  });

  it('goes on to the next offer when the first is sold out after all', async (test) => {
    const { root, bench, cloud } = await site(test, { tricks: { empty: 1 } });
    const finished = await bench(['run', await recipe(root, 'speed', command()), '--on', 'cloudrift', '--yes']);
    expect(finished.code, show(finished)).toBe(0);
    const places = cloud.server.requests
      .filter(({ path }) => path.endsWith('/rent'))
      .map(({ text }) => /"datacenters":\["([^"]+)"/.exec(text)?.[1]);
    expect(new Set(places).size).toBe(2);
    expect(live(cloud)).toEqual([]);
  });

  it('has two groups on two machines at once', async (test) => {
    const { root, bench, view, cloud } = await site(test);
    const dir = await recipe(root, 'speed', command({ gpus: '[RTX 4090, L40S]', seconds: 8 }));
    const finished = await bench(['run', dir, '--on', 'cloudrift', '--yes']);
    expect(finished.code, show(finished)).toBe(0);
    const run = await view();
    expect(run.machines.map(({ name }) => name)).toHaveLength(2);
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 2, live: [] });
    const rents = cloud.server.requests.filter(({ path, status }) => path.endsWith('/rent') && status === 200).map(({ at }) => at);
    const ends = cloud.server.requests.filter(({ path }) => path.endsWith('/terminate')).map(({ at }) => at);
    expect(Math.max(...rents)).toBeLessThan(Math.min(...ends));
  });

  it('gives back on Ctrl-C', async (test) => {
    const { root, start, cloud } = await site(test);
    const running = start(['run', await recipe(root, 'speed', command({ seconds: 100 })), '--on', 'cloudrift', '--yes']);
    await running.saw(/command is ready/);
    expect(live(cloud)).toHaveLength(1);
    running.child.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(130);
    expect(live(cloud)).toEqual([]);
  });

  it('leaves nothing that gc does not find when it is killed', async (test) => {
    const { root, start, bench, cloud } = await site(test);
    const running = start(['run', await recipe(root, 'speed', command({ seconds: 100 })), '--on', 'cloudrift', '--yes']);
    await running.saw(/command is ready/);
    running.child.kill('SIGKILL');
    await running.finished;
    expect(live(cloud)).toHaveLength(1);
    const collected = await bench(['gc']);
    expect(collected.code, show(collected)).toBe(0);
    expect(live(cloud)).toEqual([]);
  });

  it('two runs at once share a ledger, and end their own machines only', async (test) => {
    const { root, bench, cloud } = await site(test);
    const dir = await recipe(root, 'speed', command({ seconds: 3 }));
    const runs = ['one', 'two'].map((out) => bench(['run', dir, '--on', 'cloudrift', '--yes', '--out', join(root, out)]));
    for (const finished of await Promise.all(runs)) expect(finished.code, show(finished)).toBe(0);
    const { createsAcknowledged, terminates } = cloud.truth();
    expect([createsAcknowledged, live(cloud)]).toEqual([2, []]);
    expect(new Set(terminates.map(({ name }) => name)).size).toBe(2);
  });

  it('does not take a provider that is down for a machine that is gone', async (test) => {
    const { root, start, cloud } = await site(test);
    const running = start(['run', await recipe(root, 'speed', command({ seconds: 36 })), '--on', 'cloudrift', '--yes']);
    await running.saw(/command is ready/);
    const down = cloud.server.fail({ how: { status: 503, body: 'maintenance' } });
    cloud.server.clock.advance(600_000);
    // It looks every half minute whether its machine is still there.
    while (down.hits() === 0) await delay(200);
    down.remove();
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(0);
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 1, live: [] });
  });

  it('whose key is revoked in the middle says what is left and how to end it; gc does', async (test) => {
    const { root, start, bench, cloud } = await site(test);
    const running = start(['run', await recipe(root, 'speed', command({ seconds: 100 })), '--on', 'cloudrift', '--yes']);
    await running.saw(/command is ready/);
    cloud.server.revoke(KEY);
    running.child.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(6);
    const [name] = live(cloud);
    expect(show(finished)).toContain(name);
    expect(show(finished)).toContain('bench gc');
    cloud.server.accept(KEY);
    const collected = await bench(['gc']);
    expect(collected.code, show(collected)).toBe(0);
    expect(live(cloud)).toEqual([]);
    expect(show(finished) + show(collected)).not.toContain(KEY);
  });

  it('says that the key is refused, where it came from, and rents nothing', async (test) => {
    const { root, bench, cloud } = await site(test);
    cloud.server.revoke(KEY);
    const finished = await bench(['run', await recipe(root, 'speed', command()), '--on', 'cloudrift', '--yes']);
    expect([4, 5], show(finished)).toContain(finished.code);
    expect(show(finished)).toContain('the API key is not accepted');
    const checked = await bench(['check', 'cloudrift']);
    expect(show(checked)).toContain('CLOUDRIFT_API_KEY');
    expect(show(finished) + show(checked)).not.toContain(KEY);
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 0, live: [] });
  });
});

const parts = ['netns', 'sshd', 'docker', 'compose', 'nginx'].map((name) => part(name));
const missing = parts.find((p) => !p.present);
const RTX4090 = { name: 'NVIDIA GeForce RTX 4090', memoryMiB: 24_564 };

/** Two replicas of the embedded engine behind nginx. */
const replicas = (more: { outputLen?: number; requests?: number } = {}) => `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
deploy: {gpu: RTX 4090, gpu_count: 2, gpu_concurrency: 2}
benchmark: {random_input_len: 48, random_output_len: ${more.outputLen ?? 12}, num_prompts: ${more.requests ?? 8}, max_concurrency: 2, warmup: 1}
`;

describe.skipIf(missing)(`a run on real hosts rented from CloudRift${missing ? ` (${missing.skipped})` : ''}`, () => {
  let machines: FakeMachines | undefined;
  beforeAll(async () => {
    machines = await namespaceMachines(2, { gpus: [RTX4090, RTX4090] });
  }, 300_000);
  afterAll(() => machines?.close());
  /** A cloud ends its machines with itself; these are for the next one too. */
  const shared = (): FakeMachines => ({
    start: (wanted) => machines?.start(wanted) ?? Promise.reject(new Error('no machines')),
    close: () => Promise.resolve(),
  });

  it('offers, plan, rent, SSH, what is needed, compose, load, results with cost, given back', async (test) => {
    const { root, bench, view, cloud } = await site(test, { machines: shared() });
    const finished = await bench(['run', await recipe(root, 'pair', replicas()), '--on', 'cloudrift', '--yes', '--max-price', '1']);
    expect(finished.code, show(finished)).toBe(0);
    const run = await view();
    expect(run.problems).toEqual([]);
    expect(run.live).toEqual([]);
    const [task] = run.tasks;
    expect(task?.points[0]?.result?.counts).toMatchObject({ sent: 8, ok: 8 });
    expect(task?.deployment?.engine.digest ?? '').toMatch(/sha256:/);
    expect(show(finished)).toMatch(/cost: \$0\.\d+/);
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 1, live: [] });
    expect(cloud.truth().billedUsd).toBeGreaterThan(0);
  });

  it('Ctrl-C in the middle of the load gives the machine back', async (test) => {
    const { root, start, cloud } = await site(test, { machines: shared() });
    const dir = await recipe(root, 'pair', replicas({ requests: 400, outputLen: 200 }));
    const running = start(['run', dir, '--on', 'cloudrift', '--yes']);
    await running.saw(/is up and answers/);
    running.child.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(130);
    expect(live(cloud)).toEqual([]);
  });
});
