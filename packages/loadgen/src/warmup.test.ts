import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadSpecInput } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { runLoad } from './index.ts';
import { startTestServer, type TestServer } from './testing/index.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const LOAD: LoadSpecInput = {
  maxConcurrency: 4,
  numPrompts: 8,
  seed: 3,
  data: { kind: 'random', inputTokens: { min: 40, max: 40 }, outputTokens: { min: 3, max: 3 } },
};

async function run(load: Partial<LoadSpecInput>, workers = 1) {
  const server = await startTestServer({ ttftMs: 5, gapMs: 2, keepPrompts: true });
  servers.push(server);
  const result = await runLoad({ baseUrl: server.url, model: 'test', load: { ...LOAD, ...load }, workers });
  return {
    ...result,
    prompts: server
      .truth()
      .filter(({ id }) => id !== '')
      .map((t) => String(t.prompt)),
  };
}

describe('a warm-up that ends by time', () => {
  it.each([1, 2])('goes on until then with new prompts, and is no part of what is measured: %i workers', async (workers) => {
    const { summary, records, prompts } = await run({ warmupRequests: 1_000_000, warmupMs: 1500 }, workers);
    expect(summary.counts).toMatchObject({ sent: 8, ok: 8, failed: 0 });
    const warm = records.filter(({ phase }) => phase === 'warmup');
    expect(warm.length).toBeGreaterThan(0);
    expect(summary.counts.warmup).toBe(warm.length);
    expect(Math.max(...warm.map(({ endMs }) => endMs as number))).toBeLessThan(0);
    expect(records.filter(({ phase }) => phase === 'measured').map(({ index }) => index)).toEqual(
      Array.from({ length: 8 }, (_, i) => 1_000_000 + i),
    );
    expect(new Set(prompts).size).toBe(prompts.length);
  });

  it('ends with its last request, if that comes first', async () => {
    const { summary } = await run({ warmupRequests: 6, warmupMs: 60_000 });
    expect(summary.counts).toMatchObject({ ok: 8, warmup: 6 });
  });

  it('takes prompts of a file that are not measured, whose number nobody knows beforehand', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-warmup-'));
    try {
      const path = join(folder, 'prompts.jsonl');
      await writeFile(path, Array.from({ length: 10 }, (_, i) => JSON.stringify({ prompt: `question ${i} of ten` })).join('\n'));
      const data = { kind: 'jsonl' as const, path };
      const { summary, prompts } = await run({ warmupRequests: 3, warmupMs: 60_000, numPrompts: 7, data });
      expect(summary.counts).toMatchObject({ ok: 7, warmup: 3 });
      expect(new Set(prompts).size).toBe(10);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('needs requests to send', async () => {
    await expect(run({ warmupMs: 500 })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringContaining('no requests to send'),
    });
  });
});
