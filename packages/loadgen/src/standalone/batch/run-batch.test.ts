import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  BATCH_FILES,
  type BatchClientPlanInput,
  batchEndedSchema,
  type BatchOrder,
  type BatchState,
  type BatchStateName,
  encodeBatchState,
  type LoadSpecInput,
  parseBatchState,
  readBatchJson,
} from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { mergeResults } from '../../index.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../../testing/index.ts';
import { readResult, standaloneFile } from '../index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ keepPrompts: true, ttftMs: 5, gapMs: 2, ...options });
  cleanups.push(() => server.close());
  return server;
}

const length = (n: number) => ({ min: n, max: n });
const load = (over: Partial<LoadSpecInput> = {}): LoadSpecInput => ({
  data: { kind: 'random', inputTokens: length(40), outputTokens: length(5) },
  maxConcurrency: 4,
  numPrompts: 14,
  warmupRequests: 3,
  seed: 11,
  ...over,
});
const ENDLESS = load({ numPrompts: 100_000, warmupRequests: 0 });

/** The folder of a deployment, as whoever submits it makes it. */
async function deployment(loads: LoadSpecInput[], over: { plan?: Partial<BatchClientPlanInput>; name?: string } = {}) {
  const parent = await mkdtemp(join(tmpdir(), 'loadgen-batch-'));
  cleanups.push(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, over.name ?? 'd1');
  const path = (file: string) => join(folder, file);
  const put = async (file: string, content: string) => {
    await mkdir(dirname(path(file)), { recursive: true });
    await writeFile(path(file), content);
  };
  const plan: BatchClientPlanInput = {
    version: 1,
    model: 'test',
    healthPath: '/health',
    orders: loads.length,
    pollMs: 30,
    peerTimeoutMs: 20_000,
    readyTimeoutMs: 60_000,
    smokeTest: { api: 'chat', prompt: 'Say something', contains: null, maxTokens: 4 },
    ...over.plan,
  };
  await put(BATCH_FILES.clientPlan, JSON.stringify(plan));
  for (const [k, each] of loads.entries())
    await put(BATCH_FILES.order(k), JSON.stringify({ version: 1, id: `load-${k}`, load: each } satisfies BatchOrder));
  const say = <Name extends BatchStateName>(name: Name, state: Omit<BatchState<Name>, 'atMs'>) =>
    put(BATCH_FILES.state(name), encodeBatchState(name, { atMs: 1, ...state } as never));
  return {
    folder,
    path,
    put,
    say,
    state: async <Name extends BatchStateName>(name: Name) =>
      await readFile(path(BATCH_FILES.state(name)), 'utf8').then(
        (text) => parseBatchState(name, text),
        () => null,
      ),
    /** What the service job says once its engine is up. */
    async up(server: TestServer) {
      await say('service.announced', { hosts: ['no host', '[::1', 'localhost.invalid', '127.0.0.1'], port: server.port });
      await say('service.ready', {});
    },
    ended: async (i: number, k: number) =>
      readBatchJson(batchEndedSchema, await readFile(path(BATCH_FILES.ended(i, k)), 'utf8').catch(() => '')),
    result: (i: number, k: number) => readResult(path(BATCH_FILES.result(i, k))),
    async merged(of: number, k: number) {
      const results = [];
      for (let client = 0; client < of; client++) {
        const result = await this.result(client, k).catch(() => null);
        if (result) results.push({ client, result, clock: (await this.ended(client, k))?.clock ?? null });
      }
      return mergeResults(results);
    },
    async done(i: number): Promise<number> {
      const progress = await this.state(`client.${i}.progress`);
      return progress?.done ?? 0;
    },
  };
}

interface Client {
  child: ChildProcess;
  output(): string;
  ended: Promise<number | null>;
}

function start(folder: string, client: number, of: number): Client {
  const args = [standaloneFile(), '--batch', folder, '--client', String(client), '--of', String(of)];
  const child = spawn(process.execPath, args, { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output: () => output, ended };
}

const WAIT = { timeout: 40_000, interval: 50 };

describe('one batch client', () => {
  it('waits for the service, sends one load after the other, learns the server once, and asks the service to end', async () => {
    const key = 'sk-very-secret-0123456789';
    const server = await serve({ apiKey: key });
    const nasty = `it's "a" $(touch gone) \`x\` \n ü;&|*? folder`;
    const d = await deployment([load(), load({ seed: 12, arrival: { kind: 'poisson', ratePerS: 60 } })], { name: nasty });
    await d.put(BATCH_FILES.apiKey, `${key}\n`);
    const client = start(d.folder, 0, 1);
    await expect.poll(() => d.state('client.0.progress'), WAIT).toMatchObject({ phase: expect.stringContaining('announced') as string });
    await d.up(server);
    await expect.poll(async () => (await d.ended(0, 0))?.result, WAIT).toBe(true);
    const tokenized = server.tokenized();
    expect(tokenized).toBeGreaterThan(0);
    expect(await client.ended).toBe(0);
    expect(server.tokenized()).toBe(tokenized);

    for (const k of [0, 1]) {
      const { summary, records } = await d.result(0, k);
      expect(summary.counts).toEqual({ sent: 14, ok: 14, failed: 0, cancelled: 0, warmup: 3 });
      expect(records).toHaveLength(17);
    }
    expect(await d.state('client.0.ready')).toMatchObject({ url: server.url });
    expect(await d.state('service.tested')).toMatchObject({ durationMs: expect.any(Number) as number });
    expect(await d.state('client.0.exit')).toMatchObject({ code: 0, reason: 'all is done' });
    expect(await d.state('stop')).toMatchObject({ reason: 'clients are done' });
    expect(await d.state('client.0.progress')).toMatchObject({ order: 1, orders: 2, phase: 'ended' });
    for (const name of await readdir(d.folder, { recursive: true })) {
      if (name === BATCH_FILES.apiKey || !(await stat(d.path(name))).isFile()) continue;
      expect((await readFile(d.path(name))).includes('very-secret')).toBe(false);
      expect(name).not.toMatch(/\.tmp$/);
    }
    expect(client.output()).not.toContain('very-secret');
  });

  it('writes what there is when it is told to end, and says so', async () => {
    const server = await serve();
    const d = await deployment([ENDLESS, load()], { plan: { smokeTest: null, peerTimeoutMs: 1000 } });
    await d.up(server);
    const client = start(d.folder, 0, 1);
    await expect.poll(() => d.done(0), WAIT).toBeGreaterThan(5);
    client.child.kill('SIGTERM');
    expect(await client.ended).toBe(130);
    expect(await d.state('service.tested')).not.toBeNull();
    const { summary } = await d.result(0, 0);
    expect(summary.flags.map((flag) => flag.code)).toContain('interrupted');
    expect(summary.counts.ok).toBeGreaterThan(5);
    expect(await d.state('client.0.exit')).toMatchObject({ code: 130, reason: expect.stringContaining('SIGTERM') as string });
    // Nobody is left who would need the service; the second load was not begun.
    expect(await d.state('stop')).not.toBeNull();
    expect(await d.ended(0, 1)).toBeNull();
  });

  it('goes on with the next load when one cannot be sent', async () => {
    const server = await serve();
    const broken = load({ data: { kind: 'jsonl', path: '/nowhere/prompts.jsonl' } });
    const d = await deployment([broken, load()]);
    await d.put(BATCH_FILES.order(2), '{"version": 7}');
    await d.put(BATCH_FILES.clientPlan, (await readFile(d.path(BATCH_FILES.clientPlan), 'utf8')).replace('"orders":2', '"orders":3'));
    await d.up(server);
    expect(await start(d.folder, 0, 1).ended).toBe(1);
    expect(await d.ended(0, 0)).toMatchObject({ result: false });
    await expect(d.result(0, 0)).rejects.toMatchObject({ code: 'BENCH_DATASET' });
    expect((await d.result(0, 1)).summary.counts.ok).toBe(14);
    await expect(d.result(0, 2)).rejects.toMatchObject({ code: 'BENCH_LOAD_ORDER' });
    const exit = await d.state('client.0.exit');
    expect(exit).toMatchObject({
      code: 1,
      reason: expect.stringMatching(/2 of 3 loads failed[^]*load 1: .*prompts\.jsonl[^]*load 3: /) as string,
    });
  });

  it.each([
    ['is not announced', async () => undefined, /service to be announced/],
    ['is never ready', (d: Deployment) => d.say('service.announced', { hosts: ['127.0.0.1'], port: 9 }), /service to be ready/],
    [
      'answers at none of its addresses',
      async (d: Deployment) => {
        await d.say('service.announced', { hosts: ['127.0.0.1', 'no host'], port: 9 });
        await d.say('service.ready', {});
      },
      /to answer from this node[^]*127\.0\.0\.1:9[^]*"no host" is no host/,
    ],
  ])('gives up with the reason when the service %s', async (_what, prepare, reason) => {
    const d = await deployment([load()], { plan: { readyTimeoutMs: 1200 } });
    await prepare(d);
    expect(await start(d.folder, 0, 1).ended).toBe(1);
    expect((await d.state('client.0.exit'))?.reason).toMatch(reason);
    expect(await d.state('stop')).not.toBeNull();
  });

  it('ends with the words of a service that ended before it was ready', async () => {
    const d = await deployment([load()]);
    const client = start(d.folder, 0, 1);
    await expect.poll(() => d.state('client.0.progress'), WAIT).not.toBeNull();
    await d.say('service.exit', { code: 1, reason: 'the engine exited with code 1' });
    expect(await client.ended).toBe(1);
    expect((await d.state('client.0.exit'))?.reason).toBe('the service is over: the engine exited with code 1');
    // There is nothing left to be asked to end.
    expect(await d.state('stop')).toBeNull();
  });

  it('does not measure a service whose first answer is not as it should be', async () => {
    const server = await serve();
    const smokeTest = { api: 'chat' as const, prompt: 'What is 6 times 7?', contains: '42', maxTokens: 4 };
    const d = await deployment([load()], { plan: { smokeTest } });
    await d.up(server);
    expect(await start(d.folder, 0, 1).ended).toBe(1);
    expect((await d.state('client.0.exit'))?.reason).toMatch(/smoke test: the answer to "What is 6 times 7\?" does not contain "42"/);
    expect(await d.ended(0, 0)).toBeNull();
  });

  it('refuses a folder without a plan, and arguments that are none', async () => {
    const d = await deployment([]);
    await rm(d.path(BATCH_FILES.clientPlan));
    expect(await start(d.folder, 0, 1).ended).toBe(1);
    expect((await d.state('client.0.exit'))?.reason).toContain('plan.json');
    expect(await start(d.folder, 1, 1).ended).toBe(2);
    expect(await start(d.folder, -1, 1).ended).toBe(2);
    expect(await start('/nowhere/at/all', 0, 1).ended).toBe(1);
  });
});

type Deployment = Awaited<ReturnType<typeof deployment>>;

describe('three batch clients', () => {
  const all = (d: Deployment) => [0, 1, 2].map((i) => start(d.folder, i, 3));

  it('send together what one would: merged, their records are what the server saw', async () => {
    const server = await serve();
    const loads = [
      load({ maxConcurrency: 7, numPrompts: 40 }),
      load({ seed: 21, arrival: { kind: 'poisson', ratePerS: 80 }, maxConcurrency: null }),
    ];
    const d = await deployment(loads);
    await d.up(server);
    expect(await Promise.all(all(d).map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect(await d.state('stop')).toMatchObject({ reason: 'clients are done' });

    const truth = new Map(server.truth().map((t) => [t.id, t]));
    let measured = 0;
    for (const [k, asked] of loads.entries()) {
      const merged = await d.merged(3, k);
      const { counts, loadClients, load: whole } = merged.summary;
      expect(counts).toEqual({ sent: asked.numPrompts, ok: asked.numPrompts, failed: 0, cancelled: 0, warmup: 3 });
      expect(whole.share).toBeUndefined();
      expect(merged.records.map((r) => r.index)).toEqual(Array.from({ length: (asked.numPrompts as number) + 3 }, (_, i) => i));
      for (const record of merged.records) {
        const seen = truth.get(`${(asked.seed as number).toString(16).padStart(8, '0')}-${record.index}`);
        expect([seen?.promptTokens, seen?.outputTokens, seen?.writesMs.length]).toEqual([
          record.promptTokens,
          record.outputTokens,
          record.chunks,
        ]);
      }
      measured += merged.records.length;
      expect(loadClients?.map((c) => [c.client, c.clock?.method, c.missing])).toEqual([
        [0, 'self', null],
        [1, 'network', null],
        [2, 'network', null],
      ]);
      expect(loadClients?.reduce((sum, c) => sum + c.sent, 0)).toBe(asked.numPrompts);
      expect(merged.summary.client?.workers).toBe(3);
      // On one time base: nothing was received before it was sent, or read before it was written, but for what the clocks are in doubt.
      const doubtMs = 1 + Math.max(...(loadClients ?? []).map(({ clock }) => clock?.uncertaintyMs ?? 0));
      for (const record of merged.records) {
        const seen = truth.get(`${(asked.seed as number).toString(16).padStart(8, '0')}-${record.index}`);
        expect(record.sentMs + merged.zeroMonotonicMs).toBeLessThanOrEqual((seen?.receivedMs ?? 0) + doubtMs);
        expect((record.lastTokenMs ?? 0) + merged.zeroMonotonicMs).toBeGreaterThanOrEqual((seen?.writesMs.at(-1) ?? Infinity) - doubtMs);
      }
    }
    // Nothing was sent twice: what the server was asked beside the load, it was asked by one client.
    const ids = server.truth().filter((t) => t.id !== '');
    expect(ids).toHaveLength(measured);
    expect(new Set(ids.map((t) => t.id)).size).toBe(measured);
    const prompts = ids.map((t) => JSON.stringify(t.prompt));
    expect(new Set(prompts).size).toBe(prompts.length);
  });

  it('end with the service, and keep what they have measured', async () => {
    const server = await serve();
    const d = await deployment([ENDLESS, load()]);
    await d.up(server);
    const clients = all(d);
    for (const i of [0, 1, 2]) await expect.poll(() => d.done(i), WAIT).toBeGreaterThan(3);
    await server.close();
    await d.say('service.exit', { code: 137, reason: 'the engine was killed' });
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual([1, 1, 1]);
    for (const i of [0, 1, 2]) {
      expect(await d.state(`client.${i}.exit`)).toMatchObject({ code: 1, reason: 'the service is over: the engine was killed' });
      expect((await d.result(i, 0)).summary.flags.map((flag) => flag.code)).toContain('interrupted');
      expect(await d.ended(i, 1)).toBeNull();
    }
    const merged = await d.merged(3, 0);
    expect(merged.summary.counts.ok).toBeGreaterThan(9);
    expect(await d.state('stop')).toBeNull();
  });

  it('name one that was killed, finish what they are at, and do not begin what cannot be whole', async () => {
    const server = await serve({ gapMs: 20 });
    const d = await deployment([load({ numPrompts: 60 }), load({ seed: 2 })], { plan: { peerTimeoutMs: 4000 } });
    await d.up(server);
    const clients = all(d);
    await expect.poll(async () => (await d.state('client.1.progress'))?.phase, WAIT).toBe('measuring');
    clients[1]?.child.kill('SIGKILL');
    const codes = await Promise.all(clients.map(({ ended }) => ended));
    expect(codes).toEqual([1, null, 1]);
    const merged = await d.merged(3, 0);
    expect(merged.summary.flags[0]).toMatchObject({ code: 'client_missing', message: expect.stringContaining('client 1') as string });
    expect(merged.summary.counts.ok).toBeGreaterThan(20);
    for (const i of [0, 2]) expect((await d.state(`client.${i}.exit`))?.reason).toMatch(/load client [01] is missing/);
    expect((await d.state('client.0.exit'))?.reason).toMatch(/load client 1 is missing: it gave no sign of life/);
    await expect(d.result(0, 1)).rejects.toMatchObject({ code: 'BENCH_BATCH_PEER' });
    // The one that was killed cannot say so; the others see to the end of the service.
    expect(await d.state('stop')).not.toBeNull();
  });

  it('give up one that never begins', async () => {
    const server = await serve();
    const d = await deployment([load()], { plan: { peerTimeoutMs: 2500 } });
    await d.up(server);
    const codes = await Promise.all([start(d.folder, 0, 3), start(d.folder, 1, 3)].map(({ ended }) => ended));
    expect(codes).toEqual([1, 1]);
    expect((await d.state('client.0.exit'))?.reason).toMatch(/load client 2 is missing: it did not begin for 3 s/);
    expect(await d.state('stop')).not.toBeNull();
    // Not one request of a load that cannot be sent whole was measured.
    expect(server.truth().filter((t) => Number(t.id.split('-')[1]) >= 3)).toEqual([]);
  });

  it('say of one that was told to end before it began that it was', async () => {
    const server = await serve();
    const d = await deployment([load()], { plan: { peerTimeoutMs: 2500 } });
    await d.up(server);
    await d.put(BATCH_FILES.ended(1, 0), JSON.stringify({ atMs: 1, result: true, clock: null }));
    expect(await start(d.folder, 0, 2).ended).toBe(1);
    await expect(d.result(0, 0)).rejects.toMatchObject({
      code: 'BENCH_BATCH_GIVEN_UP',
      message: 'load client 1 gave the load up: it was told to end',
    });
  });

  it('fail a load together that one of them cannot send, and go on with the next', async () => {
    const server = await serve();
    const d = await deployment([load({ data: { kind: 'jsonl', path: '/nowhere/prompts.jsonl' } }), load()]);
    await d.up(server);
    expect(await Promise.all(all(d).map(({ ended }) => ended))).toEqual([1, 1, 1]);
    for (const i of [0, 1, 2]) {
      expect(await d.ended(i, 0)).toMatchObject({ result: false });
      expect((await d.state(`client.${i}.exit`))?.reason).toMatch(/1 of 2 loads failed/);
    }
    expect((await d.merged(3, 1)).summary.counts.ok).toBe(14);
  });

  it('have clients with nothing to do where there are more of them than slots', async () => {
    const server = await serve();
    const d = await deployment([load({ maxConcurrency: 2, numPrompts: 9, warmupRequests: 1 })]);
    await d.up(server);
    expect(await Promise.all(all(d).map(({ ended }) => ended))).toEqual([0, 0, 0]);
    const merged = await d.merged(3, 0);
    expect(merged.summary.counts).toMatchObject({ ok: 9, warmup: 1 });
    expect(merged.summary.loadClients?.map((c) => c.sent)).toEqual([5, 4, 0]);
    expect(merged.summary.scalars.peak_concurrency).toBeLessThanOrEqual(2);
  });
});
