import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.ts';
import { errorBody } from './events.ts';
import { generate, type Work } from './generate.ts';
import type { TestServerOptions, TruthRecord } from './options.ts';
import { nativeApi } from './native.ts';
import { slotQueue } from './slots.ts';
import { BOS, tokenizeText } from './tokenizer.ts';

/** A running test server. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  port: number;
  /** What happened so far, in order of arrival; `/tokenize` is not in it. */
  truth(): TruthRecord[];
  /** Generation requests being worked on or waiting. */
  open(): number;
  /** Requests to `/tokenize` so far. */
  tokenized(): number;
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

type Body = Record<string, unknown>;

/**
 * An OpenAI-compatible server of known timing and chosen faults, which keeps the truth about what it did.
 * `POST /v1/chat/completions`, `/v1/completions`, `/v1/embeddings`, `/tokenize`, and in their own words `/v1/responses`, `/v1/messages`,
 * Ollama's `/api/chat`, TGI's `/generate_stream`, llama.cpp's `/completion`, `/v1/rerank`; `GET /v1/models`, `/health`, `/truth`.
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const truths: TruthRecord[] = [];
  const slots = slotQueue(options.slots ?? Number.POSITIVE_INFINITY);
  const sockets = new Map<Socket, number>();
  let accepted = 0;
  let tokenized = 0;
  let turn = 0;
  const kind = options.tokenizer ?? 'words';

  function promptIds(body: Body): number[] {
    const prompt = body.prompt ?? body.input;
    if (Array.isArray(prompt)) return prompt as number[];
    if (typeof prompt === 'string') return [BOS, ...tokenizeText(prompt, kind)];
    const messages = Array.isArray(body.messages) ? (body.messages as { content?: unknown }[]) : [];
    return tokenizeText(messages.map((m) => String(m.content ?? '')).join(' '), kind);
  }
  const around = (body: Body) => (Array.isArray(body.messages) ? (options.templateTokens ?? 11) : 0);

  async function handle(request: IncomingMessage, plain: ServerResponse): Promise<void> {
    const receivedMs = clockMs();
    let response = plain;
    let path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'GET') {
      if (path === '/truth') json(response, 200, JSON.stringify(truths));
      else if (path === '/v1/models') json(response, 200, JSON.stringify({ object: 'list', data: [{ id: 'test', object: 'model' }] }));
      else json(response, path === '/health' ? 200 : 404, '{}');
      return;
    }
    if (options.apiKey !== undefined && request.headers.authorization !== `Bearer ${options.apiKey}`) {
      request.resume();
      json(response, 401, errorBody('invalid API key', 401));
      return;
    }
    let body = await readBody(request);
    if (body === null) {
      json(response, 400, errorBody('the body is not JSON', 400));
      return;
    }
    if (path === '/tokenize' && options.tokenize !== false) {
      tokenized++;
      if (typeof body.inputs === 'string') {
        const tokens = promptIds({ prompt: body.inputs }).map((id) => ({ id, text: '', start: 0, stop: 0 }));
        json(response, 200, JSON.stringify(tokens));
      } else if (options.tokenize === 'content') {
        const content = typeof body.content === 'string' ? body.content : '';
        json(response, 200, JSON.stringify({ tokens: content === '' ? [] : promptIds({ prompt: content }) }));
      } else if (options.tokenize === 'text' && typeof body.prompt !== 'string') {
        json(response, 400, errorBody('prompt: field required', 400));
      } else {
        const tokens = [...Array<number>(around(body)).fill(2), ...promptIds(body)];
        json(response, 200, JSON.stringify({ count: tokens.length, max_model_len: 100_000, tokens }));
      }
      return;
    }
    const native = nativeApi(path, body, plain);
    if (native) ({ path, body, response } = native);
    const sent = body;
    const refused = (options.refuse ?? []).find((field) => field in sent);
    if (refused) {
      json(response, 400, errorBody(`Unrecognized request argument supplied: ${refused}`, 400));
      return;
    }
    if (!/^\/v1\/(chat\/completions|completions|embeddings)$/.test(path)) {
      json(response, 404, errorBody(`no such path: ${path}`, 404));
      return;
    }
    const ids = promptIds(body);
    const truth: TruthRecord = {
      id: String(request.headers['x-request-id'] ?? ''),
      path,
      receivedMs,
      startedMs: null,
      writesMs: [],
      dueMs: [],
      endMs: null,
      promptTokens: ids.length + around(body),
      outputTokens: 0,
      outcome: 'open',
      ...(options.keepPrompts ? { prompt: ids } : {}),
    };
    const uses = (sockets.get(request.socket) ?? 0) + 1;
    sockets.set(request.socket, uses);
    if (options.dropReused && uses > 1) {
      request.socket.resetAndDestroy();
      return;
    }
    truths.push(truth);
    // What a client sends to find its way (one token) is not what the list of faults is for.
    const real = path === '/v1/embeddings' || Number(body.max_tokens ?? 16) > 1;
    const faults = options.misbehave ?? [];
    const fault = real && faults.length > 0 ? (faults[turn++ % faults.length] ?? null) : null;
    const work: Work = { options, body, truth, fault, request, response };
    const release = await slots.take();
    truth.startedMs = clockMs();
    try {
      if (path === '/v1/embeddings') await embed(work);
      else await generate(work);
    } finally {
      release();
    }
    if (options.dropAfterAnswer && truth.outcome === 'done') request.socket.destroySoon();
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    accepted++;
    sockets.set(socket, 0);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    truth: () => truths,
    open: () => truths.filter((t) => t.outcome === 'open').length,
    tokenized: () => tokenized,
    connections: () => accepted,
    async close() {
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function embed({ options, truth, fault, response, request }: Work): Promise<void> {
  if (options.ttftMs) await delay(options.ttftMs);
  truth.outcome = fault?.kind ?? 'done';
  truth.endMs = clockMs();
  if (fault?.kind === 'status') json(response, fault.status, errorBody(fault.message ?? 'as ordered', fault.status));
  else if (fault) request.socket.resetAndDestroy();
  else {
    const usage = options.usage === 'never' ? {} : { usage: { prompt_tokens: truth.promptTokens, total_tokens: truth.promptTokens } };
    json(
      response,
      200,
      JSON.stringify({ object: 'list', model: 'test', data: [{ object: 'embedding', index: 0, embedding: [0.6, 0.8] }], ...usage }),
    );
  }
}

function json(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<Body | null> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Body) : null;
  } catch {
    return null;
  }
}
