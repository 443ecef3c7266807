import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { clockMs } from '../clock.ts';
import { planAnswer } from './answer-plan.ts';
import { answerWhole } from './answer-whole.ts';
import { chooseFault } from './choose-fault.ts';
import { dueTimers } from './due-timers.ts';
import { errorBody } from './events.ts';
import { generate, refuse, stallOf, type Work } from './generate.ts';
import type { TestServerOptions, TruthRecord } from './options.ts';
import { isNative, nativeApi } from './native.ts';
import { prefixCache } from './prefix-cache.ts';
import { readBody, type Body } from './read-body.ts';
import { slotQueue } from './slots.ts';
import { imagesIn, textOf } from './message-parts.ts';
import { BOS, SEP, tokenizeText } from './tokenizer.ts';

/** A running test server. */
export interface TestServer {
  /** `http://HOST:PORT`. */
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

/** An image has as many tokens, whatever its size. */
const IMAGE_TOKENS = 64;
const GENERATION = /^\/v1\/(chat\/completions|completions|embeddings)$/;

/**
 * An OpenAI-compatible server of known timing and chosen faults, which keeps the truth about what it did.
 * `POST /v1/chat/completions`, `/v1/completions`, `/v1/embeddings`, `/tokenize`, `/reset_prefix_cache`, and in their own words `/v1/responses`,
 * `/v1/messages`, Ollama's `/api/chat`, TGI's `/generate_stream`, llama.cpp's `/completion`, `/v1/rerank`; `GET /v1/models`, `/health`, `/truth`.
 * @throws the system's own error when it cannot listen (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`).
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const truths: TruthRecord[] = [];
  const slots = slotQueue(options.slots ?? Number.POSITIVE_INFINITY);
  const timers = dueTimers();
  const { cachedTokens: told, host = '127.0.0.1', model = 'test' } = options;
  const cache = typeof told === 'object' ? prefixCache(told.blockTokens) : null;
  const faultOf = chooseFault(options);
  const sockets = new Map<Socket, number>();
  let accepted = 0;
  let tokenized = 0;
  let arrived = 0;
  const kind = options.tokenizer ?? 'words';

  function promptIds(body: Body): number[] {
    // As a cross-encoder reads them: a token in front, and one behind each of the two.
    if (Array.isArray(body.pairs))
      return (body.pairs as string[][]).flatMap((pair) => [BOS, ...pair.flatMap((text) => [...tokenizeText(text, kind), SEP])]);
    const prompt = body.prompt ?? body.input;
    if (Array.isArray(prompt)) return prompt as number[];
    if (typeof prompt === 'string') return [BOS, ...tokenizeText(prompt, kind)];
    const messages = Array.isArray(body.messages) ? (body.messages as { content?: unknown }[]) : [];
    return tokenizeText(messages.map((m) => textOf(m.content)).join(' '), kind);
  }
  const around = (body: Body) => (Array.isArray(body.messages) ? (options.templateTokens ?? 11) : 0);

  async function handle(request: IncomingMessage, plain: ServerResponse): Promise<void> {
    const receivedMs = clockMs();
    const sleeper = timers.sleeper();
    plain.on('close', () => sleeper.end());
    let response = plain;
    let path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'GET') {
      if (path === '/truth') json(response, 200, JSON.stringify(truths));
      else if (path === '/v1/models') json(response, 200, JSON.stringify({ object: 'list', data: [{ id: model, object: 'model' }] }));
      else json(response, path === '/health' ? 200 : 404, '{}');
      return;
    }
    if (options.apiKey !== undefined && request.headers.authorization !== `Bearer ${options.apiKey}`) {
      request.resume();
      json(response, 401, errorBody('invalid API key', 401));
      return;
    }
    if (path === '/reset_prefix_cache') {
      request.resume();
      cache?.reset();
      json(response, 200, '{}');
      return;
    }
    const generation = GENERATION.test(path) || isNative(path);
    const id = String(request.headers['x-request-id'] ?? '');
    const truth: TruthRecord = {
      id,
      path,
      model: null,
      receivedMs,
      bodyMs: null,
      startedMs: null,
      writesMs: [],
      dueMs: [],
      chunkTokens: [],
      endMs: null,
      promptTokens: 0,
      cachedTokens: null,
      outputTokens: 0,
      outcome: 'open',
    };
    let body = await readBody(request, sleeper, generation ? options.readBytesPerS : undefined);
    if (body === 'left') {
      if (generation) truths.push({ ...truth, outcome: 'client_gone' });
      return;
    }
    truth.bodyMs = clockMs();
    if (body === 'bad') {
      json(response, 400, errorBody('the body is not JSON', 400));
      return;
    }
    if (path === '/tokenize' && options.tokenize !== false) {
      tokenized++;
      if (typeof body.inputs === 'string') {
        const tokens = promptIds({ prompt: body.inputs }).map((token) => ({ id: token, text: '', start: 0, stop: 0 }));
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
    if (typeof body.model === 'string') truth.model = body.model;
    const native = nativeApi(path, body, plain);
    if (native) ({ path, body, response } = native);
    const sent = body;
    truth.path = path;
    const refused = (options.refuse ?? []).find((field) => field in sent);
    if (refused) {
      json(response, 400, errorBody(`Unrecognized request argument supplied: ${refused}`, 400));
      return;
    }
    if (!generation) {
      json(response, 404, errorBody(`no such path: ${path}`, 404));
      return;
    }
    const ids = promptIds(body);
    const images = imagesIn(body);
    truth.promptTokens = ids.length + around(body) + IMAGE_TOKENS * images.length;
    if (options.keepPrompts) Object.assign(truth, { prompt: ids, images });
    const uses = (sockets.get(request.socket) ?? 0) + 1;
    sockets.set(request.socket, uses);
    if (options.dropReused && uses > 1) {
      request.socket.resetAndDestroy();
      return;
    }
    truths.push(truth);
    plain.on('close', () => {
      if (truth.startedMs === null) truth.outcome = 'client_gone';
    });
    truth.cachedTokens = cache ? cache.take([...Array<number>(around(body)).fill(2), ...ids]) : typeof told === 'number' ? told : null;
    const key = id === '' ? `#${arrived}` : id;
    arrived++;
    // What a client sends to find its way (one token) is not what faults are for.
    const real = path === '/v1/embeddings' || Number(body.max_tokens ?? 16) > 1;
    const fault = real ? faultOf(key) : null;
    const release = await slots.take();
    if (sleeper.ended) {
      release();
      return;
    }
    truth.startedMs = clockMs();
    const work: Work = { options, key, body, truth, fault, request, response, sleeper };
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    truth: () => truths,
    open: () => truths.filter((t) => t.outcome === 'open').length,
    tokenized: () => tokenized,
    connections: () => accepted,
    async close() {
      for (const socket of sockets.keys()) socket.destroy();
      timers.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function embed(work: Work): Promise<void> {
  const { options, key, truth, fault, sleeper } = work;
  if (await refuse(work)) return;
  const { atMs } = planAnswer(options, key, 0);
  if (!(await sleeper.until((truth.startedMs as number) + (atMs[0] as number) + stallOf(fault)))) {
    truth.outcome = fault?.kind === 'stall' && fault.forMs === undefined ? 'stall' : 'client_gone';
    return;
  }
  const usage = options.usage === 'never' ? {} : { usage: { prompt_tokens: truth.promptTokens, total_tokens: truth.promptTokens } };
  const data = fault?.kind === 'no_content' ? [] : [{ object: 'embedding', index: 0, embedding: [0.6, 0.8] }];
  await answerWhole(work, JSON.stringify({ object: 'list', model: 'test', data, ...usage }));
}

function json(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text);
}
