import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { mergeResults, runLoad, splitLoad, type LoadResult, type RunLoadOptions } from './index.ts';
import type { TestServer } from './testing/index.ts';
import { afterwards, serve } from './testing/serve.fixture.ts';

const tokens = { min: 20, max: 20 };
const LOAD: LoadSpecInput = {
  data: { kind: 'random', inputTokens: tokens, outputTokens: { min: 3, max: 3 } },
  maxConcurrency: 3,
  numPrompts: 20,
  warmupRequests: 3,
  seed: 4,
};
const run = (baseUrl: readonly string[], load: Partial<LoadSpecInput> = {}, more: Partial<RunLoadOptions> = {}): Promise<LoadResult> =>
  runLoad({ baseUrl, model: 'test', load: { ...LOAD, ...load }, ...more });

/** Indices of the load's requests that a server got; those by which it was learnt have other ids. */
const indices = (server: TestServer) =>
  server
    .truth()
    .flatMap(({ id }) => /^00000004-(\d+)$/.exec(id)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
const every = (from: number, step: number) => Array.from({ length: 23 }, (_, i) => i).filter((i) => i % step === from);

describe('several servers', () => {
  it.each([1, 3])('get requests in turn, by index alone, from %i workers', async (workers) => {
    const servers = [await serve(), await serve({ misbehave: [{ kind: 'status', status: 500 }] }), await serve()];
    const { summary } = await run(
      servers.map(({ url }) => url),
      {},
      { workers },
    );
    expect(servers.map(indices)).toEqual([every(0, 3), every(1, 3), every(2, 3)]);
    // Indices 3 to 22 are measured.
    expect(summary.origins?.map(({ url, counts }) => [url, counts])).toEqual([
      [servers[0]?.url, { sent: 7, ok: 7, failed: 0, cancelled: 0 }],
      [servers[1]?.url, { sent: 7, ok: 0, failed: 7, cancelled: 0 }],
      [servers[2]?.url, { sent: 6, ok: 6, failed: 0, cancelled: 0 }],
    ]);
    expect(summary.origins?.map(({ distributions }) => distributions['ttft_ms']?.count)).toEqual([7, undefined, 6]);
  });

  it('keep a request that goes out again on a new connection', async () => {
    const servers = [await serve({ dropReused: true }), await serve()];
    const { records } = await run(
      servers.map(({ url }) => url),
      { maxConcurrency: 2 },
    );
    const replaced = records.filter(({ connection }) => connection === 'replaced').map(({ index }) => index % 2);
    expect(new Set(replaced)).toEqual(new Set([0]));
    expect(indices(servers[1] as TestServer)).toEqual(every(1, 2));
  });

  it('have the same figures when several clients send the load', async () => {
    const servers = [await serve(), await serve()];
    const urls = servers.map(({ url }) => url);
    const whole = await run(urls);
    const parts = await Promise.all(
      splitLoad(whole.summary.load, 2).map(async (load, client) => ({ client, result: await run(urls, load) })),
    );
    const counts = ({ summary }: LoadResult) => summary.origins?.map((each) => [each.url, each.counts]);
    expect(counts(mergeResults(parts))).toEqual(counts(whole));
  });

  it('are told apart only where there are some', async () => {
    const { url } = await serve();
    expect((await run([url])).summary).not.toHaveProperty('origins');
    await expect(run([])).rejects.toMatchObject({ code: 'BENCH_LOAD_URL' });
  });
});

describe('source addresses', () => {
  // Other systems have only the first address of 127.0.0.0/8 on their loopback.
  it.each(process.platform === 'linux' ? [1, 2] : [])('are taken in turn by index, from %i workers', async (workers) => {
    const from = new Map<number, string>();
    const server = createServer((request, response) => {
      const index = /^00000004-(\d+)$/.exec(String(request.headers['x-request-id']))?.[1];
      if (index !== undefined) from.set(Number(index), String(request.socket.remoteAddress));
      request.resume();
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          choices: [{ message: { content: 'a' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 20, completion_tokens: 3 },
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterwards(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { summary } = await run(
      [url, `${url}/other`],
      { stream: false },
      { workers, sourceAddresses: ['127.0.0.2', '127.0.0.3', '127.0.0.2'] },
    );
    expect(summary.counts).toMatchObject({ ok: 20, failed: 0 });
    const expected = Array.from({ length: 23 }, (_, i) => [i, i % 4 < 2 ? '127.0.0.2' : '127.0.0.3']);
    expect([...from].sort(([a], [b]) => a - b)).toEqual(expected);
  });

  it.each(['192.0.2.7', 'nowhere.invalid'])('that the machine does not have are refused: %s', async (address) => {
    const { url, truth } = await serve();
    await expect(run([url], {}, { sourceAddresses: [address] })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringContaining(`cannot be sent from ${address}`) as string,
    });
    expect(truth()).toEqual([]);
  });
});
