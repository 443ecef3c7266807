import { mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Host } from '@bench/core';
import { parseRecipe, type Task } from '@bench/recipe';
import { baseImage, leftovers, type Machine, nginxImage, postgresImage, redisImage, startMachine } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { inspectContainers } from '../compose/container-facts.ts';
import type { Deployment, DeployEvent, DeploymentRecord, OwnMeasurement, SiteFacts } from '../contract.ts';
import { machineHost } from '../testing/machine-host.ts';
import { testSite } from '../testing/site.ts';
import { serviceTarget } from './index.ts';

const missing = ['netns', 'sshd', 'docker', 'compose', 'redis', 'postgres', 'nginx']
  .map((name) => part(name))
  .find(({ present }) => !present);
const BASE = 'curlimages/curl:latest';

describe.skipIf(missing)(`services and their clients${missing ? ` (${missing.skipped ?? ''})` : ''}`, () => {
  let machine: Machine;
  let host: Host;
  let facts: Pick<SiteFacts, 'containers'>;
  let root: string;
  let up: Deployment[];
  let count = 0;
  const io = createIo({ env: { MY_SECRET: 'correct-horse' } });
  const target = serviceTarget();

  beforeAll(async () => {
    machine = await startMachine({
      gpus: [
        { name: 'NVIDIA L40S', memoryMiB: 46_068 },
        { name: 'NVIDIA L40S', memoryMiB: 46_068 },
        { name: 'NVIDIA L40S', memoryMiB: 46_068 },
      ],
    });
    host = await machineHost(machine);
    for (const image of await Promise.all([baseImage(), redisImage(), postgresImage(), nginxImage()])) await machine.importImage(image);
    facts = { containers: (await inspectContainers(host)).facts };
  }, 300_000);
  afterAll(async () => {
    await host?.close();
    await machine?.stop();
  });
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bench-service-'));
    up = [];
  });
  afterEach(async () => {
    for (const deployment of up) await deployment.stop();
    await rm(root, { recursive: true, force: true });
    const left = await leftovers(machine);
    // oxlint-disable-next-line vitest/no-standalone-expect -- no test may leave anything
    expect({ ...left, images: [], files: left.files.filter((path) => !path.startsWith('/home/bench/.local/state')) }).toEqual({
      containers: [],
      networks: [],
      volumes: [],
      images: [],
      processes: [],
      files: [],
    });
  });

  const task = (recipe: Record<string, unknown>) =>
    parseRecipe(JSON.stringify(recipe), { file: join(root, 'recipe.yaml'), dir: root }).tasks[0] as Task;

  /** A port of its own for each: a published one may linger. */
  const site = (more: Partial<SiteFacts> = {}): SiteFacts => {
    const n = ++count;
    return testSite({
      site: `ssh:${machine.name}`,
      deploymentDir: join(root, `d${n}`),
      hostDir: `/home/bench/bench-service-${n}`,
      namePrefix: `bench-test-d${n}`,
      freePorts: [20_000 + n],
      ...facts,
      ...more,
    });
  };

  const bringUp = async (t: Task, s = site(), events: DeployEvent[] = []) => {
    await mkdir(s.deploymentDir, { recursive: true });
    expect(target.check(t, s)).toEqual([]);
    const { record } = target.plan(t, s);
    const deployment = await target.start({ record, task: t }, { io, host, on: (event) => void events.push(event) });
    up.push(deployment);
    return deployment;
  };

  const measure = async (
    deployment: Deployment,
    t: Task,
    options: { id?: string; signal?: AbortSignal; onProgress?(text: string): void } = {},
  ) => {
    const dir = await mkdtemp(join(root, 'result-'));
    const measured = (await deployment.measure?.(t, {
      id: 'm1',
      runId: 'r123456789',
      dir,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...options,
    })) as OwnMeasurement;
    return { dir, measured, file: (path: string) => readFile(join(dir, 'clients', path), 'utf8') };
  };

  const run = async (t: Task) => measure(await bringUp(t), t);

  describe('presets', () => {
    it('redis, asked and under load', async () => {
      const { measured } = await run(
        task({
          service: { preset: 'redis', settings: { maxmemory: '64mb' }, resources: { cpus: 1, memory: '256MiB', shm_size: '64MiB' } },
          clients: {
            load: { preset: 'redis_stress', settings: { num_requests: 2000, concurrent_requests: 5 }, replicas: 2 },
            smoke: { preset: 'redis_smoke' },
          },
        }),
      );
      expect(measured.parts.map(({ name, code, failure }) => ({ name, code, failure }))).toEqual([
        { name: 'load.0', code: 0, failure: null },
        { name: 'load.1', code: 0, failure: null },
        { name: 'smoke', code: 0, failure: null },
      ]);
      expect(measured.parts[0]?.metrics).toMatchObject({
        set_requests_per_second: { value: expect.any(Number) as number, unit: 'req/s', better: 'higher' },
        get_latency_p99_ms: { unit: 'ms', better: 'lower' },
      });
      expect(measured.durationS).toBeGreaterThan(0);
    });

    it('postgres: a question, and inserts and selects', async () => {
      const { measured, file } = await run(
        task({
          service: { preset: 'postgres' },
          clients: {
            smoke: { preset: 'postgres_smoke', settings: { query: `SELECT 'it''s $HOME'` } },
            stress: { preset: 'postgres_stress', settings: { num_inserts: 100, num_selects: 100, concurrent_requests: 2 } },
            beside: { preset: 'postgres_stress', settings: { num_inserts: 50, num_selects: 50, concurrent_requests: 1 } },
          },
        }),
      );
      expect(measured.parts.map(({ name, failure }) => [name, failure])).toEqual([
        ['smoke', null],
        ['stress', null],
        ['beside', null],
      ]);
      expect(await file('smoke/answer.txt')).toContain(`it's $HOME`);
      expect(measured.parts[1]?.metrics).toMatchObject({
        requests: { value: 200 },
        failed_requests: { value: 0, better: 'lower' },
        requests_per_second: { unit: 'req/s' },
        latency_mean_ms: { unit: 'ms', better: 'lower' },
      });
    });

    it('nginx: one page many times, and very many times', async () => {
      const { measured, file } = await run(
        task({
          service: { preset: 'nginx' },
          clients: {
            check: { preset: 'nginx_healthcheck', settings: { num_requests: 50, concurrent_requests: 4 } },
            stress: { preset: 'nginx_stress', settings: { num_requests: 500 } },
          },
        }),
      );
      expect(measured.parts).toMatchObject([
        { name: 'check', code: 0, failure: null },
        { name: 'stress', code: 0, failure: null, metrics: { requests: { value: 500 }, failed_requests: { value: 0 } } },
      ]);
      expect(measured.parts[0]?.metrics).toMatchObject({
        requests: { value: 50 },
        failed_requests: { value: 0 },
        latency_p50_ms: { unit: 'ms' },
      });
      expect((await file('check/requests.csv')).trim().split('\n')).toHaveLength(51);
    });
  });

  it('tells clients where the service is, and everything else as data', async () => {
    const nasty = `it's "$(touch /tmp/pwned)" \`id\` $HOME; rm -rf x\nsecond line \\ # é`;
    await mkdir(join(root, 'files'));
    await writeFile(join(root, 'files', 'a.txt'), 'of the recipe');
    const t = task({
      service: {
        name: 'store',
        image: BASE,
        port: 7000,
        command: `printf '%s' "$NASTY" > /tmp/nasty; test "$PORT" = 7000; while :; do sleep 1; done`,
        env: { NASTY: nasty, TOKEN: { from_env: 'MY_SECRET' } },
        volumes: ['/cache', 'files:/files:ro'],
        ready: { log: 'never' },
        prepare: `test "$TOKEN" = correct-horse && cat /files/a.txt && test -d /cache && cat /tmp/nasty`,
      },
      clients: {
        one: {
          command: ['sh', '-c', 'env > "$OUTPUT_DIR/env"; printf %s "$NASTY" > "$OUTPUT_DIR/nasty"; cat /files/a.txt', 'x'],
          env: { NASTY: nasty, TOKEN: { from_env: 'MY_SECRET' } },
          volumes: ['files:/files:ro'],
        },
        two: {
          command:
            'id -u; mkdir "$OUTPUT_DIR/sub"; echo \'{"n":{"value":1,"unit":"x","better":"higher"}}\' > "$OUTPUT_DIR/metrics.json"; echo \'{"sentMs":0,"endMs":1}\' > "$OUTPUT_DIR/requests.jsonl"; chmod 0 "$OUTPUT_DIR/sub"',
          replicas: 2,
        },
      },
    });
    (t.resolved.service as { ready: unknown }).ready = { log: 'ready now', timeout: 20 };
    (t.resolved.service as { command: string }).command = `echo 'ready now'; ${String(t.resolved.service?.command)}`;
    const events: DeployEvent[] = [];
    const deployment = await bringUp(t, site(), events);
    expect(deployment.phases.map(({ name }) => name)).toEqual(['files', 'image_pull', 'launch', 'ready', 'prepare']);
    expect(events.filter(({ type }) => type === 'progress').map((event) => 'text' in event && event.text)).toContain(
      'of the recipeit\'s "$(touch /tmp/pwned)" `id` $HOME; rm -rf x',
    );
    const { measured, file } = await measure(deployment, t);
    expect(measured.parts.map(({ name, failure }) => [name, failure])).toEqual([
      ['one', null],
      ['two.0', null],
      ['two.1', null],
    ]);
    expect(measured.parts[1]).toMatchObject({ metrics: { n: { value: 1, unit: 'x', better: 'higher' } }, requests: [{ status: 'ok' }] });
    expect(await file('one/nasty')).toBe(nasty);
    expect(await file('one/client.log')).toBe('of the recipe\n');
    const env = await file('one/env');
    for (const line of [
      'SERVICE_NAME=store',
      'SERVICE_HOSTNAME=store',
      'SERVICE_PORT=7000',
      'SERVICE_URL=http://store:7000',
      'BENCHMARK_ID=r123456789',
      'BENCHMARK_OUTPUT_DIR=/bench/output',
      'CLIENT_NAME=one',
      'CLIENT_INDEX=0',
      'CLIENT_COUNT=3',
      'TOKEN=correct-horse',
    ])
      expect(env.split('\n')).toContain(line);
    expect(env).toMatch(/^SERVICE_PASSWORD=sk-bench-[0-9a-f]{48}$/m);
    // Secrets are in files of mode 0600 only, and in no argument list.
    expect(JSON.stringify(deployment.record)).not.toContain('correct-horse');
    const { hostDir } = deployment.record as unknown as { hostDir: string };
    const modes = await machine.exec(['stat', '-c', '%a %n', `${hostDir}/secret-env.yaml`]);
    expect(modes.stdout).toMatch(/^600 /);
  });

  it('names what became of a client: its code, its time, its figures', async () => {
    const t = task({
      service: { image: BASE, port: 1, command: 'while :; do sleep 1; done', ready: { log: 'x' } },
      clients: {
        bad: { command: 'echo first; echo "no such table" >&2; exit 3' },
        // A word on stdout after the error is not the reason, whichever of the two the daemon takes for the later one.
        tidy: { command: 'echo "no such column" >&2; echo "cleaning up"; exit 4' },
        quiet: { command: 'echo "the figures are wrong"; exit 5' },
        broken: { command: 'echo "{" > "$OUTPUT_DIR/metrics.json"' },
        slow: { command: 'echo partial > "$OUTPUT_DIR/part"; sleep 600', timeout: 2 },
        nothing: { command: ['/no/such/program'] },
      },
    });
    (t.resolved.service as { command: string }).command = 'echo x; while :; do sleep 1; done';
    const { measured, file } = await run(t);
    expect(measured.parts.map(({ name, code, failure }) => [name, code, failure])).toEqual([
      ['bad', 3, 'ended with code 3: no such table'],
      ['tidy', 4, 'ended with code 4: no such column'],
      ['quiet', 5, 'ended with code 5: the figures are wrong'],
      ['broken', 0, expect.stringMatching(/^metrics\.json: line 1: not JSON/)],
      ['slow', null, 'did not end within 2.0 s and was ended'],
      ['nothing', 127, expect.stringContaining('/no/such/program')],
    ]);
    expect(await file('slow/part')).toBe('partial\n');
  });

  it('is down again, with its last words, when it does not come up', async () => {
    const t = task({ service: { image: BASE, port: 7000, command: 'echo "cannot bind: $SERVICE_PASSWORD"; exit 4' }, clients: {} });
    const error = await bringUp(t).catch((e: unknown) => e as Error & { code: string });
    expect(error).toMatchObject({ code: 'BENCH_SERVICE_EXITED' });
    expect((error as Error).message).toMatch(
      /the service did not come up on \S+: the service ended with code 4 before it was ready\n {2}\| cannot bind: /,
    );
    expect((error as Error).message).not.toMatch(/sk-bench-[0-9a-f]{48}/);
    const absent = task({ service: { image: 'bench-test/absent:1', port: 1 }, clients: {} });
    await expect(bringUp(absent)).rejects.toMatchObject({ code: 'BENCH_IMAGE_NOT_FOUND' });
    const late = task({ service: { image: BASE, port: 7000, command: 'sleep 60', ready: { tcp: true, timeout: 2 } }, clients: {} });
    await expect(bringUp(late)).rejects.toThrow('port 7000: not ready after 2 s: nothing listens on port 7000 in the container');
  });

  it('ends clients when their service is gone', async () => {
    const t = task({
      service: { image: BASE, port: 1, command: 'echo x; sleep 4; exit 9', ready: { log: 'x' } },
      clients: { a: { command: 'sleep 600' } },
    });
    const deployment = await bringUp(t);
    const { measured } = await measure(deployment, t);
    expect(measured.parts).toMatchObject([{ name: 'a', code: null, failure: 'was ended, for the service ended with code 9' }]);
    expect(await deployment.died).toBe('the service ended with code 9');
    expect(deployment.exited()).toBe('the service ended with code 9');
  });

  it('goes on with clients over lost connections, and in another process', async () => {
    const t = task({
      service: { image: BASE, port: 1, command: 'echo x; while :; do sleep 1; done', ready: { log: 'x' } },
      clients: { a: { command: 'echo begun >> "$OUTPUT_DIR/begun"; sleep 6; echo "{\\"n\\":1}" > "$OUTPUT_DIR/metrics.json"' } },
    });
    const deployment = await bringUp(t);
    let dropped = false;
    const first = measure(deployment, t, {
      onProgress: () => {
        if (dropped) return;
        dropped = true;
        void machine.dropConnections();
      },
    });
    first.catch(() => undefined);
    await expect.poll(() => dropped, { timeout: 30_000 }).toBe(true);
    const record = JSON.parse(JSON.stringify(deployment.record)) as DeploymentRecord;
    const adopted = await target.adopt(record, { io, host, on: () => undefined });
    if (!adopted) throw new Error('not adopted');
    await adopted.release();
    const { measured, file } = await first;
    expect(measured.parts).toMatchObject([{ name: 'a', code: 0, failure: null, metrics: { n: { value: 1 } } }]);
    expect(await file('a/begun')).toBe('begun\n');
  });

  it('is not adopted when it ended, and nothing is left of it', async () => {
    const t = task({ service: { image: BASE, port: 1, command: 'echo x; sleep 600', ready: { log: 'x' } }, clients: {} });
    const deployment = await bringUp(t);
    await deployment.release();
    await machine.docker(['kill', (deployment.record as unknown as { container: string }).container]);
    expect(await target.adopt(deployment.record, { io, host, on: () => undefined })).toBeNull();
    up = [];
  });

  it('gives GPUs to the service and the rest to clients', async () => {
    const gpus = [0, 1, 2].map((i) => ({ id: String(i), name: 'NVIDIA L40S' }));
    const t = task({
      service: { image: BASE, port: 1, command: 'echo x; sleep 600', ready: { log: 'x' }, resources: { gpus: 1 } },
      clients: { a: { command: 'echo "$NVIDIA_VISIBLE_DEVICES" > "$OUTPUT_DIR/gpus"', resources: { gpus: 1 }, replicas: 2 } },
      deploy: { gpu: 'NVIDIA L40S', gpu_count: 3 },
    });
    const s = site({ gpus, gpuVendor: 'nvidia' });
    expect(target.check(t, { ...s, gpus: gpus.slice(1) })).toMatchObject([{ code: 'BENCH_GPU_UNFIT' }]);
    const deployment = await bringUp(t, s);
    const { file } = await measure(deployment, t);
    expect([await file('a.0/gpus'), await file('a.1/gpus')]).toEqual(['1\n', '2\n']);
    const granted = machine.gpuGrants().map(({ devices }) => devices);
    expect(new Set(granted)).toEqual(new Set(['0', '1', '2']));
    expect(granted).toHaveLength(3);
  });
});
