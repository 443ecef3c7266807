import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runLoad } from '../index.ts';
import { startTestServer, summarizeTruth, type TestServer, type TestServerOptions, type TruthRecord } from './index.ts';
import { serve } from './serve.fixture.ts';

const asking = (id: string, over: object = {}) => ({
  method: 'POST',
  headers: { 'x-request-id': id },
  body: JSON.stringify({ prompt: 'one two three', max_tokens: 6, stream: true, ...over }),
});

/** Asks for a stream. @returns its text */
async function ask(server: TestServer, id: string, over: object = {}): Promise<string> {
  const answer = await fetch(`${server.url}/v1/completions`, asking(id, over));
  return answer.text();
}

/** Asks for a stream over a bare connection. @returns the bytes of each write of the server: each is a chunk of HTTP/1.1's chunked coding. */
async function writes(server: TestServer, id: string): Promise<Buffer[]> {
  const socket = connect(server.port, '127.0.0.1');
  const { headers, body } = asking(id);
  const fields = [...Object.entries(headers), ['host', 'x'], ['connection', 'close'], ['content-length', String(Buffer.byteLength(body))]];
  socket.write(`POST /v1/completions HTTP/1.1\r\n${fields.map((field) => field.join(': ')).join('\r\n')}\r\n\r\n${body}`);
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  await once(socket, 'close');
  const all = Buffer.concat(parts);
  const found: Buffer[] = [];
  for (let at = all.indexOf('\r\n\r\n') + 4; ;) {
    const lineEnd = all.indexOf('\r\n', at);
    const size = Number.parseInt(all.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) return found;
    found.push(all.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const recordOf = (server: TestServer, id: string) => server.truth().find((t) => t.id === id) as TruthRecord;

describe('what is written', () => {
  it.each(['\n', '\r\n', '\r'] as const)('has the line ends asked for: %j', async (lineEnd) => {
    const text = await ask(await serve({ lineEnd }), 'a');
    expect(text.split(`${lineEnd}${lineEnd}`).filter((event) => !/^data: [^\r\n]+$/.test(event))).toEqual(['']);
    expect(text.endsWith(`data: [DONE]${lineEnd}${lineEnd}`)).toBe(true);
  });

  it('is an event a write by default', async () => {
    for (const write of await writes(await serve(), 'a')) expect(write.toString()).toMatch(/^data: .*\n\n$/);
  });

  it('cuts every event with a character of several bytes inside of it', async () => {
    const server = await serve({ splitCharacters: true });
    const found = await writes(server, 'a');
    const fatal = new TextDecoder('utf-8', { fatal: true });
    const broken = found.filter((write) => {
      try {
        return fatal.decode(write) === null;
      } catch {
        return true;
      }
    });
    // Six tokens of two pieces, none of which is text by itself.
    expect(broken).toHaveLength(12);
    expect(Buffer.concat(found).toString()).toBe(await ask(await serve(), 'a'));
  });

  it('cuts events at places that follow from the seed', async () => {
    const sizes = async (seed: number, id: string) => (await writes(await serve({ pieces: 4, seed }), id)).map((write) => write.length);
    const first = await sizes(1, 'a');
    expect(first.length).toBeGreaterThan(8);
    expect(await sizes(1, 'a')).toEqual(first);
    expect(await sizes(2, 'a')).not.toEqual(first);
    expect(await sizes(1, 'b')).not.toEqual(first);
  });
});

describe('what is drawn', () => {
  it('is the same for the same seed and request id, in whichever order they come', async () => {
    const options: TestServerOptions = {
      seed: 5,
      ttftMs: { kind: 'uniform', min: 0, max: 9 },
      gapMs: { kind: 'lognormal', median: 1, sigma: 0.5 },
      tokensPerChunk: { kind: 'uniform', min: 1, max: 3 },
      faults: [{ fault: { kind: 'status', status: 503 }, oneIn: 3 }],
    };
    const ids = Array.from({ length: 12 }, (_, i) => `r-${i}`);
    const planned = async (order: string[]) => {
      const server = await serve(options);
      for (const id of order) await ask(server, id);
      return ids.map((id) => {
        const { dueMs, startedMs, chunkTokens, outcome } = recordOf(server, id);
        return { atMs: dueMs.map((due) => due - (startedMs as number)), chunkTokens, outcome };
      });
    };
    const there = await planned(ids);
    const back = await planned(ids.toReversed());
    expect(back.map(({ chunkTokens, outcome }) => [chunkTokens, outcome])).toEqual(
      there.map(({ chunkTokens, outcome }) => [chunkTokens, outcome]),
    );
    for (const [i, { atMs }] of back.entries()) {
      // Times of the machine's clock are large, and their last digits are rounded.
      for (const [k, at] of atMs.entries()) expect(at).toBeCloseTo(there[i]?.atMs[k] as number, 3);
    }
    const failed = there.filter((each) => each.outcome === 'status').length;
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(12);
  });
});

describe('the truth', () => {
  it('has every token with its times, and sums them up', async () => {
    const server = await serve({ ttftMs: 5, gapMs: 2, tokensPerChunk: 2, slots: 1 });
    await Promise.all([ask(server, 'a'), ask(server, 'b')]);
    for (const t of server.truth()) {
      expect(t.chunkTokens).toEqual([2, 2, 2]);
      const stages = [t.receivedMs, t.bodyMs, t.startedMs, ...t.writesMs, t.endMs] as number[];
      expect(stages).toEqual([...stages].sort((x, y) => x - y));
      for (const [i, at] of t.writesMs.entries()) expect(at).toBeGreaterThanOrEqual(t.dueMs[i] as number);
    }
    const summary = summarizeTruth(server.truth());
    expect(summary).toMatchObject({ requests: 2, outcomes: { done: 2 }, promptTokens: 8, outputTokens: 12 });
    expect([summary.ttftMs?.count, summary.gapMs?.count, summary.queueMs?.count, summary.latenessMs?.count]).toEqual([2, 4, 2, 6]);
    expect(await (await fetch(`${server.url}/truth`)).json()).toEqual(server.truth());
  });

  it('sums up nothing as nothing', () => {
    expect(summarizeTruth([])).toMatchObject({ requests: 0, outcomes: {}, ttftMs: null, gapMs: null, queueMs: null, latenessMs: null });
  });

  it('has percentiles of what was written, and of how late it was', () => {
    const at = (writesMs: number[], dueMs: number[]) => ({ receivedMs: 0, bodyMs: 1, startedMs: 4, writesMs, dueMs, outcome: 'done' });
    const records = [at([10, 20, 40], [10, 19, 36]), at([30], [29])] as TruthRecord[];
    expect(summarizeTruth(records)).toMatchObject({
      ttftMs: { count: 2, p50: 20, max: 30 },
      gapMs: { count: 2, p50: 15, max: 20 },
      queueMs: { count: 2, p50: 3 },
      latenessMs: { count: 4, p50: 1, max: 4 },
    });
  });

  it('says who left before there was a slot, and gives the slot to the next', async () => {
    const server = await serve({ slots: 1, misbehave: [{ kind: 'stall', after: 1 }, null, null] });
    const [first, second] = [new AbortController(), new AbortController()];
    const gone = (id: string, signal: AbortSignal) =>
      fetch(`${server.url}/v1/completions`, { ...asking(id), signal }).then((r) => r.text());
    const stalled = gone('a', first.signal).catch(() => 'left');
    await until(() => server.open() === 1);
    const queued = gone('b', second.signal).catch(() => 'left');
    await until(() => server.open() === 2);
    const third = ask(server, 'c');
    await until(() => server.open() === 3);
    second.abort();
    expect(await queued).toBe('left');
    await until(() => recordOf(server, 'b').outcome === 'client_gone');
    first.abort();
    expect(await stalled).toBe('left');
    expect(await third).toContain('[DONE]');
    expect(server.truth().map((t) => [t.id, t.outcome, t.outputTokens])).toEqual([
      ['a', 'stall', 1],
      ['b', 'client_gone', 0],
      ['c', 'done', 6],
    ]);
    expect(server.open()).toBe(0);
  });

  it('keeps who left while the body was being read', async () => {
    const server = await serve({ readBytesPerS: 1 });
    const socket = connect(server.port, '127.0.0.1');
    socket.end('POST /v1/completions HTTP/1.1\r\nhost: x\r\nx-request-id: a\r\ncontent-length: 100\r\n\r\n{"prompt": "one');
    await until(() => server.truth().length === 1);
    expect(recordOf(server, 'a')).toMatchObject({ outcome: 'client_gone', bodyMs: null, startedMs: null });
  });
});

describe('a prefix cache', () => {
  it('is told of in usage as it is, and emptied when asked', async () => {
    const server = await serve({ cachedTokens: { blockTokens: 2 }, usage: 'always' });
    const cached = async (id: string, prompt: string) => {
      const usage = /"cached_tokens":(\d+)/.exec(await ask(server, id, { prompt }));
      expect(recordOf(server, id).cachedTokens).toBe(Number(usage?.[1]));
      return Number(usage?.[1]);
    };
    expect(await cached('a', 'one two three four')).toBe(0);
    expect(await cached('b', 'one two three four')).toBe(4);
    expect(await cached('c', 'one two three other')).toBe(4);
    expect(await cached('d', 'other two three four')).toBe(0);
    await fetch(`${server.url}/reset_prefix_cache`, { method: 'POST' });
    expect(await cached('e', 'one two three four')).toBe(0);
  });

  it('has what a load shares, and nothing of one that shares nothing', async () => {
    const server = await serve({ cachedTokens: { blockTokens: 16 }, templateTokens: 0 });
    const load = (sharedPrefixTokens: number, seed: number) => ({
      data: { kind: 'random' as const, inputTokens: { min: 96, max: 96 }, outputTokens: { min: 2, max: 2 }, sharedPrefixTokens },
      maxConcurrency: 1,
      numPrompts: 4,
      seed,
    });
    const cachedOf = async (shared: number, seed: number) =>
      (await runLoad({ baseUrl: server.url, model: 'test', load: load(shared, seed) })).records.map((r) => r.cachedTokens);
    expect(await cachedOf(64, 1)).toEqual([0, 64, 64, 64]);
    expect(await cachedOf(0, 2)).toEqual([0, 0, 0, 0]);
  });
});

it('says why it cannot listen', async () => {
  const { port } = await serve();
  await expect(startTestServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
