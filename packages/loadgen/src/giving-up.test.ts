import { setTimeout as delay } from 'node:timers/promises';
import type { LoadSpecInput } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { mergeResults, runLoad, splitLoad, summarizeRecords, type Calibration, type LoadResult } from './index.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './testing/index.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const data = { kind: 'random' as const, inputTokens: { min: 30, max: 30 }, outputTokens: { min: 8, max: 8 } };

let known: Calibration | undefined;
async function run(load: Partial<LoadSpecInput> = {}, workers = 1): Promise<LoadResult> {
  const spec = { data, maxConcurrency: 5, numPrompts: 80, seed: 3, cancel: { ratio: 0.4 }, ...load };
  const result = await runLoad({ baseUrl: server?.url ?? '', model: 'test', load: spec, workers, calibration: known });
  known ??= result.calibration;
  return result;
}

async function serve(options: TestServerOptions): Promise<TestServer> {
  if (!known) {
    server = await startTestServer({});
    await run({ numPrompts: 1 });
    await server.close();
  }
  server = await startTestServer(options);
  return server;
}

const fates = ({ records }: LoadResult) => records.map(({ index, status, chunks }) => [index, status, chunks]);

describe('requests that the client gives up', () => {
  it('follow from the seed alone, and are in no figure but their own', async () => {
    await serve({});
    const one = await run({ warmupRequests: 4, slo: { e2elMs: 600_000 } });
    const { summary, records } = one;
    const givenUp = records.filter((r) => r.status === 'cancelled');
    expect(summary.counts).toEqual({
      sent: 80,
      ok: 80 - givenUp.length,
      failed: 0,
      cancelled: givenUp.length,
      warmup: 4,
      givenUp: givenUp.length,
    });
    // 40 % of 80, give or take four standard deviations; for this seed it is always the same.
    expect(givenUp.length).toBeGreaterThan(14);
    expect(givenUp.length).toBeLessThan(50);
    expect(givenUp.every((r) => r.phase === 'measured' && r.error?.class === 'given_up' && r.chunks >= 1 && r.chunks <= 7)).toBe(true);
    expect(new Set(givenUp.map((r) => r.chunks)).size).toBe(7);
    expect(records.filter((r) => r.status === 'ok').every((r) => r.chunks === 8)).toBe(true);
    expect(summary.errors).toEqual({});
    expect(summary.distributions.ttft_ms?.count).toBe(summary.counts.ok);
    expect(summary.scalars).toMatchObject({
      given_up_ratio: givenUp.length / 80,
      error_ratio: 0,
      good_ratio: 1,
      total_output_tokens: 8 * summary.counts.ok,
    });
    expect(summary.vllm).toMatchObject({ completed: summary.counts.ok, failed: 0 });
    expect(summary.flags.map((f) => f.code)).not.toContain('failures');
    expect(fates(await run({ warmupRequests: 4 }, 3))).toEqual(fates(one));
  });

  it('are the same ones when several clients send, and when all chunks come at once', async () => {
    await serve({ coalesce: true });
    const one = await run();
    const parts = [];
    for (const [client, load] of splitLoad(one.summary.load, 3).entries()) parts.push({ client, result: await run(load) });
    const whole = mergeResults(parts);
    expect(fates(whole)).toEqual(fates(one));
    expect(whole.summary.counts).toEqual(one.summary.counts);
    expect(whole.summary.scalars.given_up_ratio).toBe(one.summary.scalars.given_up_ratio);
  });

  it('are cut off at the server, which would have gone on', async () => {
    // It writes seven chunks and then nothing, ever: only a closed connection ends a request.
    const { truth, open } = await serve({ misbehave: [{ kind: 'stall', after: 7 }] });
    const { summary, records } = await run({ numPrompts: 12, maxConcurrency: 12, requestTimeoutMs: 3000 });
    expect(summary.counts.givenUp).toBeGreaterThan(0);
    expect(summary.counts).toMatchObject({
      sent: 12,
      ok: 0,
      cancelled: summary.counts.givenUp,
      failed: 12 - (summary.counts.givenUp ?? 0),
    });
    expect(summary.errors).toEqual({ timeout: summary.counts.failed });
    expect(records.filter((r) => r.status === 'failed').every((r) => r.chunks === 7)).toBe(true);
    while (open() !== 0) await delay(5);
    expect(truth().filter((t) => t.outcome === 'done')).toEqual([]);
  });

  it('can be given up after a time, before anything was answered', async () => {
    const { open } = await serve({ misbehave: [{ kind: 'stall', after: 0 }] });
    const load = { cancel: { ratio: 0.5, afterMs: { min: 5, max: 40 } }, requestTimeoutMs: 3000, stream: false };
    const { summary, records } = await run({ ...load, numPrompts: 12, maxConcurrency: 12 });
    expect(summary.counts.givenUp).toBeGreaterThan(0);
    expect(summary.counts.sent).toBe(summary.counts.cancelled + summary.counts.failed);
    for (const r of records.filter(({ status }) => status === 'cancelled'))
      expect(r).toMatchObject({ error: { class: 'given_up' }, chunks: 0 });
    while (open() !== 0) await delay(5);
  });

  it('are told apart from those of a stopped run', async () => {
    await serve({});
    const { summary, records, gaps } = await run();
    const stopped = records.map((r, i) =>
      i === 79 ? { ...r, status: 'cancelled' as const, error: { class: 'cancelled' as const, message: '' } } : r,
    );
    const { load, startedAt, client } = summary;
    const again = summarizeRecords({ load, records: stopped, gaps, startedAt, client, interrupted: true });
    expect(again.counts.givenUp).toBe(stopped.filter((r) => r.error?.class === 'given_up').length);
    expect(again.counts.cancelled).toBe((again.counts.givenUp ?? 0) + 1);
    expect(again.flags.find((f) => f.code === 'interrupted')?.message).toMatch(/ 1 were cancelled/);
  });

  it('need a stream to be given up in the middle of it', async () => {
    await serve({});
    await expect(run({ stream: false })).rejects.toMatchObject({ code: 'BENCH_LOAD', message: expect.stringContaining('not streamed') });
  });
});
