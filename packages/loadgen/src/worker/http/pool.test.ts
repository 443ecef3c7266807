import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Client } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { readClock } from '../read-clock.ts';
import { selfSigned } from './certificate.fixture.ts';
import { createPool, type Pool, type PoolOptions } from './pool.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Raw {
  origin: string;
  /** Sockets in the order in which they came. */
  sockets: Socket[];
}

/** A server that does with each request (that fits into one read) what it is told. */
async function raw(onRequest: (socket: Socket, connection: number, text: string) => void): Promise<Raw> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    const connection = sockets.push(socket) - 1;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => onRequest(socket, connection, bytes.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

function poolOf(origin: string, over: Partial<PoolOptions> = {}): Pool {
  const pool = createPool({ origin, connections: null, connectTimeoutMs: 5000, clock: readClock(), ...over });
  cleanups.push(() => pool.destroy());
  return pool;
}

interface Outcome {
  connection: string | null;
  status: number | null;
  body: string;
  error: string | null;
}

const REQUEST = Buffer.from('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n');

/** Sends a request and waits for what becomes of it. */
function ask(pool: Pool, { fresh = false }: { fresh?: boolean } = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const outcome: Outcome = { connection: null, status: null, body: '', error: null };
    pool.send(
      REQUEST,
      {
        onStart: (connection) => void (outcome.connection = connection),
        onHead: ({ status }) => void (outcome.status = status),
        onData: (bytes) => void (outcome.body += bytes.toString('latin1')),
        onEnd: () => resolve(outcome),
        onError: (error) => resolve({ ...outcome, error: (error as { code?: string }).code ?? error.message }),
      },
      { fresh },
    );
  });
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a pool', () => {
  it('uses a connection again, one request at a time, and opens no more than it may', async () => {
    const { origin, sockets } = await raw((socket) => setImmediate(() => socket.write(OK)));
    const pool = poolOf(origin, { connections: 2 });
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => ask(pool)));
    expect(outcomes.map(({ body }) => body)).toEqual(Array(6).fill('ok'));
    expect(outcomes.filter(({ connection }) => connection === 'new')).toHaveLength(2);
    expect(sockets).toHaveLength(2);
    expect(pool.quickestConnectMs).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['is to be closed', OK.replace('content', 'connection: close\r\ncontent')],
    ['ends with it', 'HTTP/1.1 200 OK\r\n\r\nok'],
    ['has more to say than the answer', `${OK}HTTP/1.1 200 OK\r\n`],
    ['is soon to be closed for idleness', OK.replace('content', 'keep-alive: timeout=1\r\ncontent')],
  ])('uses no connection again that %s', async (_why, answer) => {
    const { origin, sockets } = await raw((socket) => (answer.includes('length') ? socket.write(answer) : socket.end(answer)));
    const pool = poolOf(origin);
    for (let i = 0; i < 3; i++) expect(await ask(pool)).toMatchObject({ connection: 'new', body: 'ok', error: null });
    expect(sockets).toHaveLength(3);
  });

  it('opens a new connection when the server has closed an idle one', async () => {
    const { origin, sockets } = await raw((socket) => socket.end(OK));
    const pool = poolOf(origin);
    expect(await ask(pool)).toMatchObject({ body: 'ok' });
    await once(sockets[0] as Socket, 'close');
    expect(await ask(pool)).toMatchObject({ body: 'ok', error: null });
  });

  it('sends what is to go on a new connection beside the others, which stay', async () => {
    const { origin, sockets } = await raw((socket) => socket.write(OK));
    const pool = poolOf(origin, { connections: 1 });
    const kinds: unknown[] = [];
    for (const fresh of [false, true, false]) kinds.push((await ask(pool, { fresh })).connection);
    expect(kinds).toEqual(['new', 'new', 'reused']);
    expect(sockets).toHaveLength(2);
  });

  it('gives up a request that runs or waits, and no other', async () => {
    const { origin, sockets } = await raw((socket, connection) => {
      if (connection > 0) socket.write(OK);
    });
    const pool = poolOf(origin, { connections: 1 });
    const heard: string[] = [];
    const handler = (name: string, onStart: () => void = () => undefined) => ({
      onStart,
      onHead: () => void heard.push(name),
      onData: () => void heard.push(name),
      onEnd: () => void heard.push(name),
      onError: () => void heard.push(name),
    });
    let giveUpFirst: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      giveUpFirst = pool.send(REQUEST, handler('first', resolve));
    });
    const giveUpSecond = pool.send(REQUEST, handler('second'));
    const third = ask(pool);
    await started;
    giveUpSecond();
    giveUpFirst();
    expect(await third).toMatchObject({ connection: 'new', body: 'ok' });
    // Once more is nothing: its connection is gone, and the next one carries another request.
    giveUpFirst();
    expect(await ask(pool)).toMatchObject({ connection: 'reused', body: 'ok' });
    expect(heard).toEqual([]);
    expect(sockets).toHaveLength(2);
  });

  it('fails the request whose answer its handler cannot take, not the next one on the connection', async () => {
    const { origin } = await raw((socket) => socket.write(OK));
    const pool = poolOf(origin, { connections: 1 });
    const failed = new Promise<[string, boolean]>((resolve) => {
      pool.send(REQUEST, {
        onStart: () => undefined,
        onHead: () => undefined,
        onData: () => undefined,
        onEnd() {
          throw new Error('cannot be read');
        },
        onError: (error, begun) => resolve([error.message, begun]),
      });
    });
    const next = ask(pool);
    expect(await failed).toEqual(['cannot be read', true]);
    expect(await next).toMatchObject({ connection: 'reused', body: 'ok', error: null });
  });

  it('tells of a server that nobody is behind, and goes on with those that wait', async () => {
    const { origin, sockets } = await raw((socket) => socket.resetAndDestroy());
    const pool = poolOf(origin, { connections: 1 });
    expect((await Promise.all([ask(pool), ask(pool)])).map(({ error }) => error)).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(sockets).toHaveLength(2);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await ask(poolOf(`http://127.0.0.1:${port}`))).toMatchObject({ connection: null, error: 'ECONNREFUSED' });
  });

  it('trusts no certificate that nobody vouches for', async () => {
    const server = createTlsServer(selfSigned(), (_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(await ask(poolOf(`https://127.0.0.1:${port}`))).toMatchObject({ connection: null, error: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

/** What undici makes of the same bytes. */
async function byUndici(origin: string): Promise<Outcome> {
  const client = new Client(origin, { pipelining: 1 });
  const outcome: Outcome = { connection: 'new', status: null, body: '', error: null };
  try {
    const response = await client.request({ path: '/', method: 'POST', body: '' });
    outcome.status = response.statusCode;
    for await (const bytes of response.body) outcome.body += Buffer.from(bytes as Uint8Array).toString('latin1');
  } catch {
    outcome.error = 'failed';
  } finally {
    await client.destroy();
  }
  return outcome;
}

describe('an answer is read as undici reads it', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
  const chunks = (...list: string[]) => list.map((c) => `${c.length.toString(16)}\r\n${c}\r\n`).join('');
  it.each([
    ['of a length', `${head}content-length: 5\r\n\r\nhello`],
    ['of a length, cut', `${head}content-length: 50\r\n\r\nhello`],
    ['in chunks', `${head}transfer-encoding: chunked\r\n\r\n${chunks('hello', ', world')}0\r\n\r\n`],
    ['in chunks, with extensions and trailers', `${head}transfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n`],
    ['in chunks, cut in one', `${head}transfer-encoding: chunked\r\n\r\n50\r\nhello`],
    ['in chunks, cut behind one', `${head}transfer-encoding: chunked\r\n\r\n${chunks('hello')}`],
    ['in chunks, cut before its last line', `${head}transfer-encoding: chunked\r\n\r\n${chunks('hello')}0\r\n`],
    ['in chunks, without a size', `${head}transfer-encoding: chunked\r\n\r\nhello\r\n0\r\n\r\n`],
    ['until the end', `${head}\r\nhello`],
    ['of an older server', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['after an interim one', `HTTP/1.1 103 Early Hints\r\n\r\n${head}content-length: 2\r\n\r\nok`],
    ['with an error', 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy'],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['with a cut head', 'HTTP/1.1 200 OK\r\ncontent-ty'],
    ['with no reason', 'HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok'],
    ['that is none', '220 mail.test ESMTP\r\n'],
    ['of another protocol', 'HTTP/3.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['with a damaged header', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
    ['of two lengths', `${head}content-length: 5\r\ncontent-length: 7\r\n\r\nhello`],
    ['of nothing', ''],
  ])('%s', async (_what, answer) => {
    const { origin } = await raw((socket) => socket.end(answer, 'latin1'));
    const own = await ask(poolOf(origin));
    const { status, body, error } = await byUndici(origin);
    expect({ status: own.status, body: own.body, error: own.error === null ? null : 'failed' }).toEqual({ status, body, error });
  });
});
