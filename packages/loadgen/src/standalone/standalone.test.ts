import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pointResultSchema, requestRecordSchema, seriesRowSchema } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { runLoad, type LoadProgress } from '../index.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../testing/index.ts';
import { encodeOrder, readProgressLine, readResult, standaloneFile, type LoadFileOrder } from './index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  cleanups.push(() => server.close());
  return server;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The program alone in an empty folder with nothing in its environment: no modules, no PATH, no home. */
async function program(): Promise<{
  folder: string;
  start: (...args: string[]) => { child: ChildProcess; output: () => string; ended: Promise<Ended> };
}> {
  const folder = await mkdtemp(join(tmpdir(), 'loadgen-standalone-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'bench-loadgen.mjs');
  await copyFile(standaloneFile(), file);
  return {
    folder,
    start(...args) {
      const child = spawn(process.execPath, [file, ...args], { cwd: folder, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
      cleanups.push(() => Promise.resolve(child.kill('SIGKILL')));
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
      return { child, output: () => stdout, ended };
    },
  };
}

function order(server: TestServer, over: Partial<LoadFileOrder> = {}): LoadFileOrder {
  const length = (n: number) => ({ min: n, max: n });
  return {
    baseUrl: server.url,
    model: 'test',
    load: {
      data: { kind: 'random', inputTokens: length(40), outputTokens: length(6) },
      maxConcurrency: 4,
      numPrompts: 12,
      warmupRequests: 2,
      seed: 5,
    },
    ...over,
  };
}

const progressOf = (stdout: string) =>
  stdout
    .split('\n')
    .map(readProgressLine)
    .filter((p): p is LoadProgress => p !== null);

describe('the standalone file', () => {
  it('measures as runLoad does, alone in an empty folder, and leaves result, progress and no order', async () => {
    const server = await serve({ ttftMs: 5, gapMs: 2, apiKey: 'sk-very-secret-0123456789' });
    const asked = order(server, { apiKey: 'sk-very-secret-0123456789', baseUrl: [server.url, server.url] });
    const { folder, start } = await program();
    await writeFile(join(folder, 'order.json'), encodeOrder(asked), { mode: 0o600 });
    const { code, stdout, stderr } = await start(folder).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readdir(folder)).sort()).toEqual(['bench-loadgen.mjs', 'gaps.f32.gz', 'result.jsonl.gz']);
    expect(stdout).not.toContain('very-secret');

    const there = await readResult(folder);
    const here = await runLoad(asked);
    expect(there.summary.counts).toEqual({ sent: 12, ok: 12, failed: 0, cancelled: 0, warmup: 2 });
    expect(there.summary.origins?.map(({ counts }) => counts.ok)).toEqual([6, 6]);
    expect(Object.keys(there).sort()).toEqual(Object.keys(here).sort());
    expect(Object.keys(there.summary.distributions).sort()).toEqual(Object.keys(here.summary.distributions).sort());
    // Where the machine is so busy that all chunks of an answer come at once, there is no rate within it.
    const scalars = (r: typeof here) =>
      Object.keys(r.summary.scalars)
        .filter((name) => name !== 'user_output_rate')
        .sort();
    expect(scalars(there)).toEqual(scalars(here));
    pointResultSchema.parse({ ...there.summary, point: 0, repeat: 0 });
    const facts = (r: (typeof here.records)[number]) => [r.index, r.phase, r.status, r.promptTokens, r.outputTokens, r.chunks];
    expect(there.records.map((r) => facts(requestRecordSchema.parse(r)))).toEqual(here.records.map(facts));
    expect(there.gaps.map((g) => [g.index, g.gapsMs.length])).toEqual(here.gaps.map((g) => [g.index, g.gapsMs.length]));
    // Gaps and stamps are of the same requests: they add up to the time between first and last token.
    for (const { index, gapsMs } of there.gaps) {
      const record = there.records.find((r) => r.index === index);
      const sum = gapsMs.reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo((record?.lastTokenMs ?? 0) - (record?.firstTokenMs ?? 0), 2);
    }
    expect(there.series.map((row) => seriesRowSchema.parse(row).t)).toEqual(there.series.map((_, t) => t));
    expect(there.calibration).toEqual(here.calibration);

    const progress = progressOf(stdout);
    expect(progress.at(-1)).toMatchObject({ phase: 'done', sent: 12, done: 12 });
    expect(progress[0]?.phase).toBe('preparing');
  });

  it('stops at SIGTERM with the result so far, and cares for no hang-up', async () => {
    const server = await serve({ ttftMs: 10, gapMs: 5 });
    const { folder, start } = await program();
    const endless = order(server);
    await writeFile(join(folder, 'order.json'), encodeOrder({ ...endless, load: { ...endless.load, numPrompts: 20_000 } }));
    const { child, output, ended } = start(folder);
    await expect.poll(() => progressOf(output()).at(-1)?.done ?? 0, { timeout: 25_000 }).toBeGreaterThan(3);
    child.kill('SIGHUP');
    const before = progressOf(output()).at(-1)?.done ?? 0;
    await expect.poll(() => progressOf(output()).at(-1)?.done ?? 0, { timeout: 25_000 }).toBeGreaterThan(before);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    const { summary } = await readResult(folder);
    expect(summary.flags.map((f) => f.code)).toContain('interrupted');
    expect(summary.counts.ok).toBeGreaterThan(3);
    expect(summary.counts.sent).toBeLessThan(20_000);
  });

  it('leaves an error with its code, and its key nowhere', async () => {
    const { folder, start } = await program();
    const load = { ...order(await serve()).load, data: { kind: 'jsonl' as const, path: join(folder, 'sk-hush-0123456789.jsonl') } };
    await writeFile(
      join(folder, 'order.json'),
      encodeOrder({ baseUrl: 'http://127.0.0.1:9', model: 'm', apiKey: 'sk-hush-0123456789', load }),
    );
    const { code, stdout, stderr } = await start(folder).ended;
    expect(code).toBe(1);
    expect(await readdir(folder)).not.toContain('order.json');
    await expect(readResult(folder)).rejects.toMatchObject({
      code: 'BENCH_DATASET',
      hint: expect.stringContaining('prompt files') as string,
    });
    expect(stdout + stderr + (await readFile(join(folder, 'error.json'), 'utf8'))).not.toContain('sk-hush-0123456789');
  });

  it.each([
    ['no order', null, 'BENCH_LOAD_ORDER'],
    ['an order that is not JSON', '{"apiKey": "sk-hush', 'BENCH_LOAD_ORDER'],
    ['an order of another version', '{"version": 2}', 'BENCH_LOAD_ORDER'],
    ['an order without a server', '{"version": 1, "model": "m", "load": {}}', 'BENCH_LOAD_ORDER'],
    ['a load that is none', '{"version": 1, "model": "m", "baseUrl": "http://127.0.0.1:9", "load": {"data": 1}}', 'BENCH_LOAD'],
  ])('refuses %s', async (_what, content, expected) => {
    const { folder, start } = await program();
    if (content !== null) await writeFile(join(folder, 'order.json'), content);
    const { code, stderr } = await start(folder).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain('hush');
    expect(await readdir(folder)).not.toContain('order.json');
    await expect(readResult(folder)).rejects.toMatchObject({ code: expected });
  });

  it('says its version and what it is, and how it is used', async () => {
    const { start } = await program();
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect((await start('--version').ended).stdout).toBe(`${manifest.version}\n`);
    expect(JSON.parse((await start('--handshake').ended).stdout)).toEqual({
      protocol: 2,
      version: manifest.version,
      node: process.versions.node,
    });
    expect(await start().ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('usage:') as string });
    expect((await start('--frobnicate').ended).code).toBe(2);
    expect((await start('/nowhere/at/all').ended).code).toBe(1);
  });
});

describe('readResult', () => {
  it('tells a damaged result from none', async () => {
    const { folder } = await program();
    await expect(readResult(folder)).rejects.toMatchObject({
      code: 'BENCH_LOAD_RESULT',
      message: expect.stringContaining('no result') as string,
    });
    await writeFile(join(folder, 'result.jsonl.gz'), 'not gzip');
    await expect(readResult(folder)).rejects.toMatchObject({ code: 'BENCH_LOAD_RESULT' });
  });
});
