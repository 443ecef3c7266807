import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createIo, type Io } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { providerError, providerErrorKind, type ProviderErrorKind } from '../contract/error.ts';
import type { ProviderRequest } from '../contract/provider.ts';
import { MAX_ANSWER_BYTES } from './answer.ts';
import { HTTP_TRIES, providerHttp } from './http.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void;
let handler: Handler;
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let base: string;
let close: () => Promise<void>;

async function serve(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ base: string; close: () => Promise<void> }> {
  const server = createServer(onRequest);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

beforeEach(async () => {
  seen = [];
  ({ base, close } = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      handler(request, response, seen.length);
    });
  }));
});
afterEach(() => close());

/** Waits are told, not waited for; the clock goes with them. */
function quickIo(): { io: Io; waits: number[]; logged: string[] } {
  const waits: number[] = [];
  const logged: string[] = [];
  let ahead = 0;
  const real = createIo({
    env: {},
    logger: { log: (level, text, fields) => logged.push(`${level} ${text} ${JSON.stringify(fields ?? {})}`) },
  });
  const io: Io = {
    ...real,
    monotonic: () => real.monotonic() + ahead,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      ahead += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    random: () => 0.5,
  };
  return { io, waits, logged };
}

const factory = { name: 'cloudy', limits: {} };
const get = (path = '/x', more: Partial<ProviderRequest> = {}): ProviderRequest => ({
  kind: 'look',
  method: 'GET',
  url: base + path,
  repeatable: true,
  ...more,
});
const create = (more: Partial<ProviderRequest> = {}): ProviderRequest => ({
  kind: 'create',
  method: 'POST',
  url: `${base}/create`,
  body: { name: 'a' },
  repeatable: false,
  ...more,
});
const answer =
  (status: number, body = '{}', headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };
const destroy: Handler = (request) => request.socket.destroy();
async function kindOf(promise: Promise<unknown>): Promise<ProviderErrorKind | null> {
  const error: unknown = await promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (thrown: unknown) => thrown,
  );
  const kind = providerErrorKind(error);
  if (kind === null) throw error;
  return kind;
}

describe('what is sent', () => {
  it('is JSON, with the headers, and comes back whole', async () => {
    handler = answer(201, '{"id":"i-1"}', { 'x-thing': 'yes' });
    const { http } = providerHttp({ factory, io: quickIo().io });
    const got = await http(create({ headers: { 'X-API-Key': 'k' } }));
    expect([got.status, got.json(), got.headers.get('x-thing')]).toEqual([201, { id: 'i-1' }, 'yes']);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/create', body: '{"name":"a"}' });
    expect(seen[0]?.headers).toMatchObject({ 'x-api-key': 'k', 'content-type': 'application/json', accept: 'application/json' });
  });

  it('goes to http and https only, without a user name', async () => {
    const { http } = providerHttp({ factory, io: quickIo().io });
    for (const url of ['file:///etc/passwd', 'ftp://h/x', 'no address', 'http://me:hunter22@127.0.0.1/']) {
      const pending = http(get('', { url }));
      await expect(pending).rejects.not.toThrow(/hunter22/);
      expect(await kindOf(pending)).toBe('request');
    }
  });

  it('does not show a credential that is no legal header', async () => {
    const { http } = providerHttp({ factory, io: quickIo().io });
    const pending = http(get('/x', { headers: { authorization: 'Bearer abc\ndef-secret' } }));
    await expect(pending).rejects.toThrow(/header "authorization" of "look" is not legal/);
    await expect(pending).rejects.not.toThrow(/def-secret/);
  });
});

describe('a repeatable request', () => {
  it.each([429, 502, 503, 504])('is sent again after %i', async (status) => {
    handler = (request, response, n) => answer(n < 3 ? status : 200, n < 3 ? 'busy' : '[1]')(request, response, n);
    const { io, waits } = quickIo();
    expect((await providerHttp({ factory, io }).http(get())).json()).toEqual([1]);
    expect([seen.length, waits.filter((ms) => ms > 0).length]).toEqual([3, 2]);
  });

  it('is sent again after a reset, and after an answer that broke off', async () => {
    handler = (request, response, n) => {
      if (n === 1) return destroy(request, response, n);
      if (n > 2) return answer(200, '"whole"')(request, response, n);
      response.writeHead(200, { 'content-length': '100' });
      response.write('"hal', () => request.socket.destroy());
    };
    expect((await providerHttp({ factory, io: quickIo().io }).http(get())).json()).toBe('whole');
  });

  it('is given up after some tries, each wait longer', async () => {
    handler = answer(503, '{"error":{"message":"maintenance"}}', { 'x-request-id': 'req-7' });
    const { io, waits } = quickIo();
    await expect(providerHttp({ factory, io }).http(get())).rejects.toMatchObject({
      message: 'cloudy: "look" failed at the provider: maintenance (HTTP 503, request req-7)',
      retryable: true,
      details: { kind: 'transient', httpStatus: 503, requestId: 'req-7' },
    });
    expect(seen.length).toBe(HTTP_TRIES);
    expect(waits).toEqual([250, 500, 1000, 2000]);
  });

  it('is not sent again after another status', async () => {
    const kinds: (ProviderErrorKind | null)[] = [];
    for (const status of [400, 401, 403, 402, 404, 409, 500]) {
      handler = answer(status);
      kinds.push(await kindOf(providerHttp({ factory, io: quickIo().io }).http(get())));
    }
    expect(kinds).toEqual(['request', 'auth', 'auth', 'balance', 'request', 'request', 'transient']);
    expect(seen.length).toBe(7);
  });

  it('waits as long as the server asks, in seconds or until a date', async () => {
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
    const headers: Record<string, string>[] = [{ 'retry-after': '7' }, { 'retry-after': 'Wed, 21 Oct 2026 07:28:09 GMT', date }];
    for (const [i, header] of headers.entries()) {
      seen = [];
      handler = (request, response, n) => answer(n === 1 ? 503 : 200, '{}', n === 1 ? header : {})(request, response, n);
      const { io, waits } = quickIo();
      await providerHttp({ factory, io }).http(get());
      expect(waits).toEqual([[7000], [9000]][i]);
    }
  });

  it('does not wait for hours: the error says how long', async () => {
    handler = answer(429, 'slow down', { 'retry-after': '7200' });
    const { io, waits } = quickIo();
    await expect(providerHttp({ factory, io }).http(get())).rejects.toMatchObject({
      details: { kind: 'rate-limit', retryAfterMs: 7_200_000 },
    });
    expect([seen.length, waits]).toEqual([1, []]);
  });

  it('ends with the reason of its abort, in the body too', async () => {
    const controller = new AbortController();
    handler = (_request, response) => {
      response.writeHead(200).write('{"slow":');
      setTimeout(() => controller.abort(new Error('enough')), 20);
    };
    await expect(providerHttp({ factory, io: quickIo().io }).http(get('/x', { signal: controller.signal }))).rejects.toThrow('enough');
    expect(seen.length).toBe(1);
  });

  it('is bounded in time, the body too', async () => {
    handler = (_request, response) => void response.writeHead(200).write('{"slow":');
    const pending = providerHttp({ factory, io: quickIo().io }).http(get('/x', { timeoutMs: 60 }));
    expect(await kindOf(pending)).toBe('transient');
    await expect(pending).rejects.toThrow(/no answer within 0.06 s/);
    expect(seen.length).toBeLessThan(HTTP_TRIES);
  });
});

describe('a request that is not repeatable', () => {
  it.each([500, 502, 503, 504])('has an unknown outcome after %i, and is sent once', async (status) => {
    handler = answer(status, 'oh');
    expect(await kindOf(providerHttp({ factory, io: quickIo().io }).http(create()))).toBe('unknown-outcome');
    expect(seen.length).toBe(1);
  });

  it('has one after a reset, a time-out, an abort, half an answer and one that is not JSON', async () => {
    const { http } = providerHttp({ factory, io: quickIo().io });
    handler = destroy;
    expect(await kindOf(http(create()))).toBe('unknown-outcome');
    handler = () => undefined;
    expect(await kindOf(http(create({ timeoutMs: 40 })))).toBe('unknown-outcome');
    const controller = new AbortController();
    handler = () => controller.abort(new Error('enough'));
    expect(await kindOf(http(create({ signal: controller.signal })))).toBe('unknown-outcome');
    handler = (request, response) => {
      response.writeHead(201, { 'content-length': '100' });
      response.write('{"id":', () => request.socket.destroy());
    };
    expect(await kindOf(http(create()))).toBe('unknown-outcome');
    handler = answer(201, '{"id":');
    const half = await http(create());
    expect(() => half.json()).toThrow(expect.objectContaining({ code: 'BENCH_PROVIDER_UNKNOWN_OUTCOME' }));
    expect(seen.length).toBe(5);
  });

  it('is sent again when nobody listened, or it was one too many', async () => {
    handler = (request, response, n) => answer(n === 1 ? 429 : 200, 'API requests too frequent')(request, response, n);
    const { io, waits } = quickIo();
    await providerHttp({ factory, io }).http(create());
    expect(seen.length).toBe(2);
    expect(waits.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(1000);

    const unused = await serve(() => undefined);
    await unused.close();
    const again = quickIo();
    const refused = providerHttp({ factory, io: again.io }).http(create({ url: unused.base }));
    expect(await kindOf(refused)).toBe('transient');
    await expect(refused).rejects.toThrow(/cannot reach 127.0.0.1:\d+ for "create" \(ECONNREFUSED\)/);
    expect(again.waits.length).toBe(HTTP_TRIES - 1);
  });

  it('that was aborted before it left is simply aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(providerHttp({ factory, io: quickIo().io }).http(create({ signal }))).rejects.toThrow('enough');
    expect(seen.length).toBe(0);
  });
});

describe('what an answer means', () => {
  const soldOut = (): Error => providerError({ kind: 'capacity', provider: 'cloudy', op: 'create', message: 'sold out', scope: 'zone' });

  it('is what explain says, before anything else', async () => {
    handler = answer(409, 'no nodes');
    const { http } = providerHttp({ factory, io: quickIo().io });
    await expect(http(create({ explain: (got) => (got.text === 'no nodes' ? soldOut() : undefined) }))).rejects.toMatchObject({
      scope: 'zone',
    });
    expect(seen.length).toBe(1);
    handler = answer(503, 'no nodes');
    expect(await kindOf(http(create({ explain: () => undefined })))).toBe('unknown-outcome');
  });

  it.each([
    ['capacity', 500],
    ['quota', 502],
    ['auth', 500],
    ['balance', 503],
    ['request', 500],
    ['transient', 503],
    ['rate-limit', 503],
  ] as const)('to a create is never "%s" by words when its status is %i: the server may have acted', async (kind, status) => {
    handler = answer(status, 'some words');
    const { http } = providerHttp({ factory, io: quickIo().io });
    const says = (certain?: boolean) => () => providerError({ kind, provider: 'cloudy', op: 'create', message: 'said so', certain });
    expect(await kindOf(http(create({ explain: says() })))).toBe('unknown-outcome');
    expect(seen.length).toBe(1);
    expect(await kindOf(http(create({ explain: says(true) })))).toBe(kind);
  });

  it('to a create that tells of a machine is told, whatever its status', async () => {
    handler = answer(500, 'made 7');
    const { http } = providerHttp({ factory, io: quickIo().io });
    const made = () => providerError({ kind: 'failed', provider: 'cloudy', op: 'create', message: 'it never ran', ref: { id: '7' } });
    await expect(http(create({ explain: made }))).rejects.toMatchObject({ details: { kind: 'failed', ref: { id: '7' } } });
  });

  it('that explain calls too many is tried again', async () => {
    handler = (request, response, n) => answer(n === 1 ? 400 : 200)(request, response, n);
    const tooMany = () => providerError({ kind: 'rate-limit', provider: 'cloudy', op: 'create', message: 'wait', retryAfterMs: 12_000 });
    const { io, waits } = quickIo();
    await providerHttp({ factory, io }).http(create({ explain: tooMany }));
    expect([seen.length, waits[0]]).toEqual([2, 12_000]);
  });

  it('may be another status than 2xx', async () => {
    handler = answer(404, 'gone');
    const { http } = providerHttp({ factory, io: quickIo().io });
    expect((await http(get('/x', { accept: (status) => status === 404 }))).text).toBe('gone');
  });

  it('is not JSON: a fault that passes', async () => {
    handler = answer(200, '<html>hello</html>');
    const got = await providerHttp({ factory, io: quickIo().io }).http(get());
    expect(() => got.json()).toThrow(/the answer to "look" is not JSON: hello/);
    expect(() => got.json()).toThrow(expect.objectContaining({ code: 'BENCH_PROVIDER_TRANSIENT' }));
  });

  it('is not read without end', async () => {
    handler = (request, response) => {
      const chunk = Buffer.alloc(1 << 20, 0x20);
      const more = (): void => {
        while (!request.socket.destroyed && response.write(chunk));
        if (!request.socket.destroyed) response.once('drain', more);
      };
      response.writeHead(200);
      more();
    };
    await expect(providerHttp({ factory, io: quickIo().io }).http(get())).rejects.toThrow(/larger than 16 MiB/);
    expect(MAX_ANSWER_BYTES).toBe(16 * 1024 * 1024);
  });
});

describe('redirects', () => {
  it('are followed within the server', async () => {
    handler = (request, response, n) => answer(n === 1 ? 307 : 200, '"here"', { location: '/y?z=1' })(request, response, n);
    expect((await providerHttp({ factory, io: quickIo().io }).http(create())).json()).toBe('here');
    expect(seen.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      'POST /create {"name":"a"}',
      'POST /y?z=1 {"name":"a"}',
    ]);
  });

  it('to another one are refused: no credential goes there', async () => {
    let asked = 0;
    const other = await serve((_request, response) => {
      asked++;
      response.end('{}');
    });
    handler = answer(302, '', { location: `${other.base}/steal` });
    await expect(providerHttp({ factory, io: quickIo().io }).http(get('/x', { headers: { authorization: 'Bearer k' } }))).rejects.toThrow(
      /redirected to http:\/\/127.0.0.1:\d+, where credentials are not sent/,
    );
    await other.close();
    expect(asked).toBe(0);
  });

  it('without end are an error', async () => {
    handler = answer(302, '', { location: '/x' });
    expect(await kindOf(providerHttp({ factory, io: quickIo().io }).http(get()))).toBe('request');
  });
});

it('shows no secret: not of the query, not from the answer', async () => {
  const { io, logged } = quickIo();
  io.secrets.mask('sesame-open-99');
  handler = answer(400, '{"msg":"key sesame-open-99 is wrong"}', { 'x-request-id': 'for-sesame-open-99' });
  const error = await providerHttp({ factory, io })
    .http(get('/u/sesame-open-99?api_key=query-value', { headers: { 'x-api-key': 'header-value' } }))
    .catch((thrown: unknown) => thrown as Error);
  const all = `${JSON.stringify(error)} ${(error as Error).message} ${(error as Error).stack} ${logged.join('\n')}`;
  expect(all).toContain('key *** is wrong');
  expect(all).not.toMatch(/sesame|query-value|header-value/);
});
