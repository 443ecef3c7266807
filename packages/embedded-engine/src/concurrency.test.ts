import { once } from 'node:events';
import { connect } from 'node:net';

import { describe, expect, it } from 'vitest';

import { textOf } from './testing/client.ts';
import { runningEngine } from './testing/engine.ts';

const server = runningEngine({ parallel: 2, contextLength: 4096 });

const long = (first: number) => ({ prompt: [1, first, 400, 500], max_tokens: 4000, ignore_eos: true });
const short = (first: number) => ({ prompt: [1, first, 400, 500], max_tokens: 30, ignore_eos: true });

describe('more requests than sequences', () => {
  it('all complete, each with what it asked for', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        server.client.stream('/v1/completions', { ...short(300 + i), stream_options: { include_usage: true } }),
      ),
    );
    expect(answers.map((events) => events.at(-1)?.usage?.completion_tokens)).toEqual(Array.from({ length: 12 }, () => 30));
  });

  it('say what each says alone', async () => {
    const ask = (i: number) => server.client.stream('/v1/completions', { ...short(300 + i), temperature: 0 }).then(textOf);
    const alone: string[] = [];
    for (let i = 0; i < 4; i++) alone.push(await ask(i));
    const together = await Promise.all([0, 1, 2, 3].map(ask));
    expect(new Set(alone).size).toBe(4);
    expect(together).toEqual(alone);
  });

  it('are counted as running and waiting, and a client that hangs up frees its place', async () => {
    const aborts = Array.from({ length: 5 }, () => new AbortController());
    const calls = aborts.map(async (abort, i) => {
      const response = await server.client.post('/v1/completions', { ...long(300 + i), stream: i % 2 === 0 }, abort.signal);
      await response.arrayBuffer();
    });
    const outcomes = Promise.allSettled(calls);
    await server.client.untilMetrics({ requests_running: 2, requests_waiting: 3, slots: 2 });
    const usage = async () => (await server.client.metrics()).kv_cache_usage_ratio;
    await expect.poll(usage, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await usage()).toBeLessThanOrEqual(1);
    for (const abort of aborts) abort.abort();
    await server.client.untilMetrics({ requests_running: 0, requests_waiting: 0, kv_cache_usage_ratio: 0 });
    expect((await outcomes).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));

    // Both sequences work again, and nothing that was begun went on.
    await Promise.all([1, 2, 3].map((i) => server.client.stream('/v1/completions', short(i + 300))));
    const { generation_tokens_total } = await server.client.metrics();
    expect(generation_tokens_total).toBeLessThan(5 * 4000);
    expect(server.errors).toEqual([]);
  });

  it('let a waiting client leave without a trace', async () => {
    const blocking = [new AbortController(), new AbortController()];
    const blocked = blocking.map((abort, i) => server.client.post('/v1/completions', long(310 + i), abort.signal).catch(() => 'cut'));
    await server.client.untilMetrics({ requests_running: 2, requests_waiting: 0 });
    const leaving = new AbortController();
    const left = server.client.post('/v1/completions', short(320), leaving.signal).catch(() => 'left');
    await server.client.untilMetrics({ requests_waiting: 1 });
    leaving.abort();
    expect(await left).toBe('left');
    await server.client.untilMetrics({ requests_running: 2, requests_waiting: 0 });
    for (const abort of blocking) abort.abort();
    expect(await Promise.all(blocked)).toEqual(['cut', 'cut']);
    await server.client.untilMetrics({ requests_running: 0 });
  });

  it('share the batch: a short request that comes later overtakes a long one', async () => {
    const order: string[] = [];
    const abort = new AbortController();
    const slow = server.client
      .post('/v1/completions', long(330), abort.signal)
      .then(() => order.push('long'))
      .catch(() => order.push('cut'));
    await server.client.untilMetrics({ requests_running: 1 });
    await server.client.stream('/v1/completions', short(331));
    order.push('short');
    abort.abort();
    await slow;
    expect(order[0]).toBe('short');
  });
});

describe('a client that leaves while it sends', () => {
  it('is nobody’s error', async () => {
    const { hostname, port } = new URL(server.baseUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.write('POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"prompt": ');
    // The answer on a second connection shows that the server has seen the first.
    await server.client.stream('/v1/completions', short(350));
    socket.destroy();
    await server.client.stream('/v1/completions', short(351));
    expect(server.errors).toEqual([]);
  });
});

describe('metrics', () => {
  it('count the tokens', async () => {
    const before = await server.client.metrics();
    await server.client.json('/v1/completions', { ...short(340), prompt: Array.from({ length: 40 }, (_, i) => 340 + i) });
    const after = await server.client.metrics();
    expect(after.prompt_tokens_total! - before.prompt_tokens_total!).toBe(40);
    expect(after.generation_tokens_total! - before.generation_tokens_total!).toBe(30);
  });

  it('are text as Prometheus wants it', async () => {
    const response = await fetch(`${server.baseUrl}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) bench_engine_\w+ .+|bench_engine_\w+ \d+)$/);
  });
});
