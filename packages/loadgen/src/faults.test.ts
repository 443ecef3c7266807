import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { LoadSpecInput, RequestErrorClass } from '@bench/core';
import { runLoad, type Calibration, type LoadProgress, type LoadResult } from './index.ts';
import { startTestServer, type Misbehaviour, type TestServer, type TestServerOptions } from './testing/index.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const data = { kind: 'random' as const, inputTokens: { min: 40, max: 40 }, outputTokens: { min: 6, max: 6 } };

/** All servers here count alike: what the first run learnt serves the others. */
let known: Calibration | undefined;

async function run(options: TestServerOptions, load: Partial<LoadSpecInput> = {}): Promise<LoadResult> {
  server = await startTestServer(options);
  const calibration = options.refuse ? undefined : known;
  const result = await runLoad({
    baseUrl: server.url,
    model: 'test',
    load: { data, maxConcurrency: 3, numPrompts: 9, seed: 5, ...load },
    calibration,
  });
  if (!options.refuse) known ??= result.calibration;
  return result;
}

/** Servers that are slow to answer are not to be learnt from. */
async function learn(): Promise<void> {
  if (known) return;
  await run({});
  await server?.close();
}

const faults: [string, Misbehaviour, RequestErrorClass][] = [
  ['a client error', { kind: 'status', status: 404, message: 'no such model' }, 'http_4xx'],
  ['a server error', { kind: 'status', status: 503, message: 'overloaded' }, 'http_5xx'],
  ['an error event at once', { kind: 'error_event', after: 0 }, 'error_event'],
  ['an error event in the middle', { kind: 'error_event', after: 3 }, 'error_event'],
  ['a stream without a token', { kind: 'no_content' }, 'no_content'],
  ['a stream that ends early without a word', { kind: 'no_end', after: 3 }, 'no_end'],
  ['a reset after the headers', { kind: 'reset', after: 'headers' }, 'reset'],
  ['a reset in the middle', { kind: 'reset', after: 3 }, 'reset'],
  ['a close in the middle', { kind: 'close', after: 3 }, 'reset'],
  ['a stall before the first token', { kind: 'stall', after: 0 }, 'timeout'],
  ['a stall in the middle', { kind: 'stall', after: 3 }, 'timeout'],
  ['an event that is not JSON', { kind: 'garbage', after: 2 }, 'bad_response'],
  ['a web page', { kind: 'html' }, 'bad_response'],
  ['one answer in place of a stream', { kind: 'json' }, 'bad_response'],
];

describe('a server that goes wrong', () => {
  it.each(faults)('%s is a failure of its class, and nothing else is', async (_name, fault, expected) => {
    const { summary, records } = await run(
      { misbehave: [null, fault, null] },
      { requestTimeoutMs: fault.kind === 'stall' ? 1500 : 20_000 },
    );
    expect(summary.errors).toEqual({ [expected]: 3 });
    expect(summary.counts).toEqual({ sent: 9, ok: 6, failed: 3, cancelled: 0, warmup: 0 });
    expect(records.map((r) => r.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(summary.flags.map((f) => f.code)).toContain('failures');
    for (const r of records) expect(r.status === 'ok').toBe(r.error === null);
    if (fault.kind === 'status') expect(records.find((r) => r.error)?.error?.message).toContain(fault.message);
    if (fault.kind === 'error_event') expect(records.find((r) => r.error)?.error?.message).toContain('CUDA out of memory');
  });

  it.each([
    ['a body that is read too slowly', { readBytesPerS: 20 }],
    ['a pause that is too long', { misbehave: [{ kind: 'stall', after: 3, forMs: 60_000 }] }],
    ['a pause before the first token that is too long', { misbehave: [{ kind: 'stall', after: 0, forMs: 60_000 }] }],
    ['a queue that is too long', { slots: 1, misbehave: [{ kind: 'stall', after: 1 }] }],
  ] satisfies [string, TestServerOptions][])('%s is a timeout, and the server says that the client left', async (_name, options) => {
    await learn();
    const { summary, records } = await run(options, { requestTimeoutMs: 1500, numPrompts: 3 });
    expect(summary.errors).toEqual({ timeout: 3 });
    expect(summary.counts).toEqual({ sent: 3, ok: 0, failed: 3, cancelled: 0, warmup: 0 });
    expect(records.map((r) => r.index)).toEqual([0, 1, 2]);
    while (server?.open() !== 0) await delay(5);
    for (const { outcome } of server.truth()) expect(['client_gone', 'stall']).toContain(outcome);
  });

  it.each([
    ['a body that is read slowly', { readBytesPerS: 20_000 }],
    ['a pause that ends', { misbehave: [{ kind: 'stall', after: 3, forMs: 150 }] }],
    ['a pause before the first token that ends', { misbehave: [{ kind: 'stall', after: 0, forMs: 150 }] }],
    ['a queue in front of one slot', { slots: 1 }],
    ['CRLF', { lineEnd: '\r\n' }],
    ['CR', { lineEnd: '\r' }],
    ['characters cut in two', { splitCharacters: true }],
    ['events in pieces, with CRLF', { pieces: 6, splitCharacters: true, lineEnd: '\r\n', seed: 4 }],
    ['answers that come at once, in pieces', { coalesce: true, pieceBytes: 11, lineEnd: '\r\n' }],
    ['chunks of drawn sizes, without a role', { tokensPerChunk: { kind: 'uniform', min: 1, max: 4 }, roleEvent: false, seed: 4 }],
    ['usage that nobody asked for', { usage: 'always' }],
  ] satisfies [string, TestServerOptions][])('%s is no failure, and every token is counted', async (_name, options) => {
    await learn();
    const { summary, records } = await run(options);
    expect(summary.errors).toEqual({});
    expect(summary.counts).toEqual({ sent: 9, ok: 9, failed: 0, cancelled: 0, warmup: 0 });
    const truths = new Map(server?.truth().map((t) => [Number(t.id.split('-')[1]), t]));
    for (const r of records) {
      const truth = truths.get(r.index);
      expect([r.outputTokens, r.promptTokens]).toEqual([6, 40]);
      expect([r.outputTokens, r.promptTokens, r.chunks]).toEqual([truth?.outputTokens, truth?.promptTokens, truth?.chunkTokens.length]);
    }
  });

  it('at every instant of a run each request that was sent is ok, failed, cancelled or open', async () => {
    await learn();
    const stop = new AbortController();
    const seen: LoadProgress[] = [];
    const slow = await startTestServer({
      ttftMs: { kind: 'uniform', min: 1, max: 60 },
      gapMs: { kind: 'uniform', min: 1, max: 30 },
      faults: [
        { fault: { kind: 'reset', after: 2 }, oneIn: 5 },
        { fault: { kind: 'status', status: 503 }, oneIn: 5 },
        { fault: { kind: 'stall', after: 1 }, oneIn: 8 },
      ],
    });
    server = slow;
    const { summary, records } = await runLoad({
      baseUrl: slow.url,
      model: 'test',
      load: { data, maxConcurrency: 8, durationMs: 600_000, requestTimeoutMs: 1500, seed: 5 },
      calibration: known,
      workers: 2,
      signal: stop.signal,
      onProgress(p) {
        seen.push(p);
        // Long enough that each way to end has been seen; what is open is then cancelled.
        if (p.done > 0 && p.failed > 10 && p.inFlight > 0) stop.abort();
      },
    });
    const { sent, ok, failed, cancelled } = summary.counts;
    expect(sent).toBe(ok + failed + cancelled);
    expect(Math.min(ok, failed)).toBeGreaterThan(0);
    expect(Object.values(summary.errors).reduce((sum, count) => sum + (count ?? 0), 0)).toBe(failed);
    expect(new Set(records.map((r) => r.index)).size).toBe(records.length);
    expect(records).toHaveLength(sent);
    const ids = slow.truth().map((t) => t.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const p of seen) {
      expect(p.inFlight).toBeGreaterThanOrEqual(0);
      expect(p.inFlight).toBeLessThanOrEqual(8);
      // The rest is what was cancelled when the run was stopped.
      const rest = p.sent - p.done - p.failed - p.inFlight;
      expect(rest).toBeGreaterThanOrEqual(0);
      expect(rest).toBeLessThanOrEqual(cancelled);
    }
    expect(seen.at(-1)).toMatchObject({ phase: 'done', sent, done: ok, failed, inFlight: 0 });
  });

  it('a reset before any answer is a failed connection, on a new connection as on a kept one', async () => {
    const { summary } = await run({ misbehave: [{ kind: 'reset', after: 'request' }] });
    expect(summary.errors).toEqual({ connect: 9 });
  });

  it('nobody listening is a failed connection', async () => {
    const gone = await startTestServer();
    await gone.close();
    const { summary } = await runLoad({ baseUrl: gone.url, model: 'test', load: { data, maxConcurrency: 2, numPrompts: 4 } });
    expect(summary.errors).toEqual({ connect: 4 });
    expect(summary.counts.failed).toBe(4);
  });

  it('a server that goes away in the middle fails the rest, and the run ends', async () => {
    const leaving = await startTestServer({ ttftMs: 5, gapMs: 2 });
    let gone: Promise<void> | null = null;
    const { summary } = await runLoad({
      baseUrl: leaving.url,
      model: 'test',
      load: { data, maxConcurrency: 3, numPrompts: 400, seed: 5 },
      calibration: known,
      onProgress: (p) => {
        if (p.done >= 5) gone ??= leaving.close();
      },
    });
    await (gone ?? leaving.close());
    expect(summary.counts.ok).toBeGreaterThanOrEqual(5);
    expect(summary.counts.sent).toBe(400);
    expect(summary.counts.ok + summary.counts.failed).toBe(400);
    expect(Object.keys(summary.errors).every((name) => name === 'connect' || name === 'reset')).toBe(true);
  });

  it('a connection dropped after each answer is no failure', async () => {
    const { summary } = await run({ dropAfterAnswer: true }, { numPrompts: 30 });
    expect(summary.counts.ok).toBe(30);
  });

  it('a kept connection that turns out to be dead is tried once more on a new one', async () => {
    const { summary, records } = await run({ dropReused: true }, { numPrompts: 12 });
    expect(summary.counts).toMatchObject({ sent: 12, ok: 12, failed: 0 });
    expect(new Set(records.map((r) => r.connection))).toEqual(new Set(['new', 'replaced']));
    // Each request reached the server's truth once: none was answered twice.
    const ids =
      server
        ?.truth()
        .map((t) => t.id)
        .filter((id) => id !== '') ?? [];
    expect(ids).toHaveLength(12);
    expect(new Set(ids).size).toBe(12);
  });

  it('a server that reads a request, works on it and drops the connection has failed it, and is not asked again', async () => {
    const { summary, records } = await run(
      { misbehave: [null, { kind: 'drop', afterMs: 400 }], ttftMs: 5 },
      { maxConcurrency: 1, numPrompts: 4 },
    );
    expect(records.map((r) => r.error?.class ?? null)).toEqual([null, 'connect', null, 'connect']);
    expect(summary.counts).toMatchObject({ sent: 4, ok: 2, failed: 2 });
    expect(server?.truth().filter((t) => t.id !== '').length).toBe(4);
    for (const r of records.filter((each) => each.error)) {
      expect(r.connection).toBe('reused');
      expect((r.endMs as number) - r.sentMs).toBeGreaterThan(350);
    }
  });

  it('failures of answers that are not streamed are told apart too', async () => {
    const load = { stream: false };
    expect((await run({ misbehave: [{ kind: 'no_content' }], usage: 'never' }, load)).summary.errors).toEqual({ no_content: 9 });
    await server?.close();
    expect((await run({ misbehave: [{ kind: 'html' }] }, load)).summary.errors).toEqual({ bad_response: 9 });
  });

  it('a server that rejects stream_options or ignore_eos is asked without', async () => {
    const { summary } = await run({ refuse: ['stream_options', 'ignore_eos'] });
    expect(summary.counts.ok).toBe(9);
    expect(summary.tokenSources.output).toBe('chunk_count');
    expect(summary.flags.map((f) => f.code)).toContain('token_source');
    expect(summary.scalars.total_output_tokens).toBe(9 * 6);
  });
});
