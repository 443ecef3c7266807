import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@bench/core';
import { fakeClock, type FakeClock } from './clock.ts';
import { control } from './control.ts';
import { credentialOf, type FakeAnswer, type FakeRequest, type LoggedRequest, withoutCredentials } from './exchange.ts';
import { type Fault, faultName, type FaultHow, type FaultRule, faultsOf } from './faults.ts';

export interface FakeServerOptions {
  /** One after another in the order of arrival, unless it waits. What it throws is answered with 500 and counted in {@link FakeServer.errors}. */
  handle(request: FakeRequest): FakeAnswer | Promise<FakeAnswer>;
  /** Keys that are accepted. Default: one that is made up, {@link FakeServer.key}. */
  keys?: readonly string[];
  /** Default 0: any that is free. */
  port?: number;
  /** Default: one that starts at the real time. */
  clock?: FakeClock;
  /** What `GET /_fake/state` tells beside the framework's own. */
  state?: () => unknown;
  /** Further commands for tests in another process: `POST /_fake/NAME` with a JSON body. */
  commands?: Readonly<Record<string, (body: Record<string, unknown>) => unknown>>;
}

/** A fake provider: a real HTTP server on 127.0.0.1. */
export interface FakeServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The first key that is accepted. */
  readonly key: string;
  readonly clock: FakeClock;
  /** The last 20 000 requests, oldest first; those to `/_fake/` are left out. */
  readonly requests: readonly LoggedRequest[];
  /** What the fake itself got wrong; a test looks that it is empty. */
  readonly errors: readonly string[];
  fail(rule: FaultRule): Fault;
  /** Ends all faults. */
  heal(): void;
  accept(key: string): void;
  revoke(key: string): void;
  /** Ends connections too. Idempotent. */
  close(): Promise<void>;
}

const KEPT = 20_000;

/** Starts a fake. Everything that a test can do with its handle, one in another process can do below `/_fake/`, see `control.ts`. */
export async function startFakeServer(options: FakeServerOptions): Promise<FakeServer> {
  const clock = options.clock ?? fakeClock();
  const faults = faultsOf();
  const keys = new Set(options.keys ?? ['fake-key-0123456789abcdef']);
  const key = [...keys][0] ?? '';
  const requests: LoggedRequest[] = [];
  const errors: string[] = [];
  const fake: Omit<FakeServer, 'url' | 'close'> = {
    key,
    clock,
    requests,
    errors,
    fail: (rule) => faults.add(rule),
    heal: () => faults.clear(),
    accept: (k) => void keys.add(k),
    revoke: (k) => void keys.delete(k),
  };
  const controlled = control({ fake, faults, state: options.state, commands: options.commands });

  const act = async (request: FakeRequest): Promise<FakeAnswer> => {
    try {
      return await options.handle(request);
    } catch (error) {
      errors.push(`${request.method} ${request.path}: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
      return { status: 500, body: { error: 'the fake is broken' } };
    }
  };

  const serve = async (message: IncomingMessage, response: ServerResponse) => {
    const request = await readRequest(message, keys, answered(response));
    if (request.path.startsWith('/_fake/')) return send(response, await controlled(request));
    const how = faults.strike(request);
    const { method, path, text, body } = request;
    const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
    const entry: LoggedRequest = {
      method,
      path,
      query,
      text,
      body,
      at: clock.now(),
      status: null,
      headers: withoutCredentials(request.headers),
      fault: how === null ? null : faultName(how),
    };
    requests.push(entry);
    if (requests.length > KEPT) requests.splice(0, requests.length - KEPT);
    const answer = (a: FakeAnswer) => {
      entry.status = a.status;
      send(response, a);
    };
    await answerWith(how, { response, act: () => act(request), answer });
  };

  const server = createServer((message, response) => {
    // A client that goes away in the middle is no fault of the fake.
    serve(message, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  const close = () =>
    (closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
  return { ...fake, url: `http://127.0.0.1:${port}`, close };
}

async function answerWith(
  how: FaultHow | null,
  {
    response,
    act,
    answer,
  }: { response: ServerResponse & { [SPOILT]?: true }; act: () => Promise<FakeAnswer>; answer: (a: FakeAnswer) => void },
): Promise<void> {
  if (how === null) return answer(await act());
  if (how === 'reset-before') return reset(response);
  if (how === 'timeout-before') return;
  if (typeof how === 'object' && 'delayMs' in how) {
    await delay(how.delayMs, undefined, { ref: false });
    return answer(await act());
  }
  if (typeof how === 'object') {
    response[SPOILT] = true;
    if (how.acted === true) await act();
    return answer(how);
  }
  response[SPOILT] = true;
  const acted = await act();
  if (how === 'reset-after') return reset(response);
  if (how === 'timeout-after') return;
  const { type, bytes } = encode(acted);
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  if (how === 'malformed') {
    response.writeHead(acted.status, { ...acted.headers, 'content-type': type, 'content-length': half.length }).end(half);
    return;
  }
  response.writeHead(acted.status, { ...acted.headers, 'content-type': type, 'content-length': bytes.length }).write(half);
}

const SPOILT = Symbol('spoilt');

/** Whether an answer goes out whole and as the fake meant it. */
function answered(response: ServerResponse & { [SPOILT]?: true }): Promise<boolean> {
  return new Promise((resolve) => {
    response.once('finish', () => resolve(response[SPOILT] !== true));
    response.once('close', () => resolve(false));
  });
}

/** An RST instead of an orderly end. */
function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function encode(answer: FakeAnswer): { type: string; bytes: Buffer } {
  if (answer.body === undefined) return { type: 'text/plain', bytes: Buffer.alloc(0) };
  if (typeof answer.body === 'string') return { type: 'text/plain', bytes: Buffer.from(answer.body) };
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(answer.body)) };
}

function send(response: ServerResponse, answer: FakeAnswer): void {
  const { type, bytes } = encode(answer);
  response.writeHead(answer.status, { 'content-type': type, ...answer.headers, 'content-length': bytes.length }).end(bytes);
}

async function readRequest(message: IncomingMessage, keys: ReadonlySet<string>, whole: Promise<boolean>): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const url = new URL(message.url ?? '/', 'http://fake');
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
  const credential = credentialOf(headers);
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers,
    text,
    body: parse(text),
    credential,
    authorized: credential !== null && keys.has(credential),
    answered: whole,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
