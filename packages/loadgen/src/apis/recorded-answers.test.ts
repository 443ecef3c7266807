import { readFileSync } from 'node:fs';
import { apiKindSchema, generatesText, requestRecordSchema, type ApiKind, type RequestRecord } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { Exchange } from '../worker/exchange.ts';
import { headOf } from '../worker/http/head.fixture.ts';
import { apiOf } from './index.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

interface Playing {
  api: ApiKind;
  body: Buffer;
  stream?: boolean;
  status?: number;
  type?: string;
  /** Bytes of a read. */
  piece?: number;
  /** The connection ends so instead of regularly. */
  cut?: string;
}

const TYPES = { sse: 'text/event-stream', ndjson: 'application/x-ndjson' };

/** What the client makes of an answer whose reads are 1 ms apart. */
function record({ api: kind, body, stream = true, status = 200, type, piece = body.length, cut }: Playing): RequestRecord {
  const api = apiOf(kind);
  let now = 0;
  const exchange = new Exchange({
    job: {
      index: 0,
      phase: 'measured',
      body: Buffer.alloc(0),
      requestedPromptTokens: 12,
      requestedOutputTokens: 6,
      counted: false,
      givingUp: null,
    },
    intendedMs: 0,
    api,
    stream,
    clock: { read: () => undefined, other: () => undefined, at: () => now, madeAt: () => now, turn: () => now },
    worker: 0,
    onSettled: () => undefined,
    staleMs: () => 10,
    retry: () => undefined,
    onToken: () => undefined,
  });
  exchange.onStart('new');
  exchange.sentMs = 0;
  exchange.onHead(headOf(status, type ?? (stream ? TYPES[api.framing] : 'application/json; charset=utf-8')));
  for (let at = 0; at < body.length; at += piece) {
    now++;
    exchange.onData(body.subarray(at, at + piece));
  }
  if (cut) exchange.onError(Object.assign(new Error('other side closed'), { code: cut }), false);
  else exchange.onEnd();
  return requestRecordSchema.parse(exchange.record());
}

const told = { promptTokens: 12, promptTokenSource: 'server_usage', outputTokenSource: 'server_usage' } as const;
/** Two deltas of reasoning, then `Zw`, `ölf`, an empty one, ` €`. */
const thought = { chunks: 6, eventsBefore: 0, firstAnswer: 'later' } as const;
const plain = { chunks: 4, eventsBefore: 0, firstAnswer: 'at once' } as const;

type Expected = Partial<RequestRecord> & { firstAnswer?: 'later' | 'at once' };

const good: [string, ApiKind, Expected][] = [
  ['responses.sse', 'responses', { ...told, ...thought, cachedTokens: 4, outputTokens: 6, reasoningTokens: 2, finishReason: 'completed' }],
  ['responses-incomplete.sse', 'responses', { ...told, ...plain, outputTokens: 4, reasoningTokens: 0, finishReason: 'max_output_tokens' }],
  ['responses-refusal.sse', 'responses', { ...told, chunks: 2, outputTokens: 2, finishReason: 'completed', firstAnswer: 'at once' }],
  ['responses-tool.sse', 'responses', { ...told, chunks: 3, outputTokens: 9, firstAnswer: 'at once' }],
  ['messages.sse', 'messages', { ...told, ...thought, cachedTokens: 4, outputTokens: 6, reasoningTokens: null, finishReason: 'end_turn' }],
  ['messages-vllm.sse', 'messages', { ...told, ...plain, cachedTokens: null, outputTokens: 4, finishReason: 'max_tokens' }],
  ['messages-tool.sse', 'messages', { ...told, chunks: 4, outputTokens: 9, finishReason: 'tool_use', firstAnswer: 'at once' }],
  ['ollama.ndjson', 'ollama', { ...told, ...thought, cachedTokens: null, outputTokens: 6, finishReason: 'length', eventsAfter: 1 }],
  ['ollama-open-end.ndjson', 'ollama', { ...told, ...thought, outputTokens: 6, finishReason: 'length' }],
  ['ollama-tool.ndjson', 'ollama', { ...told, chunks: 1, outputTokens: 6, finishReason: 'stop', firstAnswer: 'at once' }],
  ['tgi.sse', 'tgi', { ...told, ...plain, outputTokens: 5, finishReason: 'eos_token', eventsAfter: 1 }],
  ['tgi-length.sse', 'tgi', { ...told, ...plain, outputTokens: 4, finishReason: 'length', eventsAfter: 0 }],
  ['llamacpp.sse', 'llamacpp', { ...told, ...plain, cachedTokens: 3, outputTokens: 4, finishReason: 'limit', eventsAfter: 1 }],
  ['llamacpp-2024.sse', 'llamacpp', { ...told, ...plain, cachedTokens: null, outputTokens: 4, finishReason: 'limit' }],
];

describe('a recorded stream', () => {
  it.each(good)('%s is a result, however its bytes come', (name, api, { firstAnswer, ...expected }) => {
    for (const piece of [undefined, 1, 2, 7, 64]) {
      const found = record({ api, body: fixture(name), ...(piece === undefined ? {} : { piece }) });
      expect(found).toMatchObject({ status: 'ok', error: null, httpStatus: 200, ...expected });
      if (piece === 1) expect((found.firstAnswerMs ?? 0) > (found.firstTokenMs ?? 0)).toBe(firstAnswer === 'later');
    }
  });

  it.each([
    ['responses.sse', 'responses', 'event: response.completed'],
    ['messages.sse', 'messages', 'event: message_stop'],
    ['messages-vllm.sse', 'messages', 'event: message_stop'],
    ['ollama.ndjson', 'ollama', '{"model":"m","created_at":"2026-01-01T00:00:01Z"'],
    ['tgi.sse', 'tgi', 'data:{"index":5'],
    ['llamacpp.sse', 'llamacpp', 'data: {"index":0,"content":"","tokens":[],"id_slot"'],
  ] as [string, ApiKind, string][])('%s without its last event is cut short', (name, api, last) => {
    const body = fixture(name);
    const at = body.indexOf(last);
    expect(at).toBeGreaterThan(0);
    const short = body.subarray(0, at);
    expect(record({ api, body: short })).toMatchObject({ status: 'failed', error: { class: 'no_end' } });
    expect(record({ api, body: short }).error?.message).toContain(apiOf(api).terminator);
    expect(record({ api, body: short, cut: 'ECONNRESET' }).error?.class).toBe('reset');
    // What a proxy adds to every stream ends none of these.
    if (apiOf(api).framing === 'sse') {
      const proxied = Buffer.concat([short, Buffer.from('data: [DONE]\n\n')]);
      expect(record({ api, body: proxied }).error?.class).toBe('no_end');
    }
    // Nothing is wrong with a connection that is cut after the last event.
    expect(record({ api, body, cut: 'ECONNRESET' }).status).toBe('ok');
  });

  it('that is cut short counts its chunks, not a first guess of the server', () => {
    const body = fixture('messages.sse');
    const short = body.subarray(0, body.indexOf('event: message_delta'));
    expect(record({ api: 'messages', body: short })).toMatchObject({
      outputTokens: 6,
      outputTokenSource: 'chunk_count',
      promptTokens: 12,
      promptTokenSource: 'server_usage',
    });
  });

  it.each([
    ['responses-failed.sse', 'responses', 'error_event', 'The engine is gone'],
    ['responses-error.sse', 'responses', 'error_event', 'Too many requests at once'],
    ['messages-error.sse', 'messages', 'error_event', 'Overloaded'],
    ['messages-refusal.sse', 'messages', 'no_content', 'no token'],
    ['ollama-error.ndjson', 'ollama', 'error_event', 'unexpected EOF'],
    ['tgi-error.sse', 'tgi', 'error_event', 'CUDA out of memory'],
    ['llamacpp-error.sse', 'llamacpp', 'error_event', 'context size has been exceeded'],
  ] as [string, ApiKind, string, string][])('%s is a failure that says why', (name, api, kind, message) => {
    for (const piece of [undefined, 3]) {
      const { status, error } = record({ api, body: fixture(name), ...(piece === undefined ? {} : { piece }) });
      expect([status, error?.class]).toEqual(['failed', kind]);
      expect(error?.message).toContain(message);
    }
  });

  it('whose content type is one of documents is not read as a stream', () => {
    const body = fixture('ollama.json');
    expect(record({ api: 'ollama', body, type: 'application/json; charset=utf-8' }).error).toEqual({
      class: 'bad_response',
      message: 'asked for a stream, got one JSON answer',
    });
    expect(record({ api: 'ollama', body: Buffer.from('<p>busy</p>'), type: 'text/html' }).error?.class).toBe('bad_response');
  });
});

describe('a recorded whole answer', () => {
  const whole = { chunks: 0, firstTokenMs: null, outputTokenSource: 'server_usage' } as const;
  it.each([
    ['responses.json', 'responses', { ...whole, promptTokens: 12, outputTokens: 6, reasoningTokens: 2, finishReason: 'completed' }],
    ['messages.json', 'messages', { ...whole, promptTokens: 12, cachedTokens: 4, outputTokens: 6, finishReason: 'end_turn' }],
    ['ollama.json', 'ollama', { ...whole, promptTokens: 12, outputTokens: 6, finishReason: 'length' }],
    // It does not say how long the prompt was.
    ['tgi.json', 'tgi', { ...whole, promptTokens: 12, promptTokenSource: 'requested', outputTokens: 4, finishReason: 'length' }],
    ['llamacpp.json', 'llamacpp', { ...whole, promptTokens: 12, cachedTokens: 3, outputTokens: 4, finishReason: 'limit' }],
    ['rerank.json', 'rerank', { chunks: 0, promptTokens: 56, promptTokenSource: 'server_usage', outputTokens: null }],
    ['rerank-llamacpp.json', 'rerank', { promptTokens: 56, promptTokenSource: 'server_usage' }],
    ['rerank-cohere.json', 'rerank', { promptTokenSource: 'requested', outputTokenSource: 'none' }],
  ] as [string, ApiKind, Partial<RequestRecord>][])('%s', (name, api, expected) => {
    expect(record({ api, body: fixture(name), stream: false })).toMatchObject({ status: 'ok', error: null, ...expected });
  });

  it.each([
    ['responses', { object: 'response', status: 'incomplete', output: [], incomplete_details: { reason: 'content_filter' } }],
    ['messages', { type: 'message', content: [], stop_reason: 'refusal', usage: { input_tokens: 8, output_tokens: 0 } }],
    ['ollama', { message: { role: 'assistant', content: '' }, done: true, done_reason: 'load' }],
    ['tgi', { generated_text: '', details: { finish_reason: 'eos_token', generated_tokens: 1 } }],
    ['llamacpp', { content: '', stop: true, stop_type: 'eos' }],
    ['rerank', { results: [] }],
    ['embeddings', { data: [] }],
  ] as [ApiKind, object][])('of %s without a token is a failure', (api, answer) => {
    const { error } = record({ api, body: Buffer.from(JSON.stringify(answer)), stream: false });
    expect(error?.class).toBe('no_content');
  });

  it.each([
    ['responses', { error: { message: 'no such model', type: 'invalid_request_error' } }],
    ['messages', { type: 'error', error: { type: 'not_found_error', message: 'no such model' } }],
    ['ollama', { error: 'no such model' }],
    ['tgi', { error: 'no such model', error_type: 'validation' }],
    ['llamacpp', { error: { code: 404, message: 'no such model', type: 'not_found_error' } }],
    ['rerank', { object: 'error', message: 'no such model' }],
  ] as [ApiKind, object][])('of %s that is a refusal is one, by its status or by what it says', (api, answer) => {
    const body = Buffer.from(JSON.stringify(answer));
    const refused = record({ api, body, status: 404 }).error;
    expect(refused?.class).toBe('http_4xx');
    expect(refused?.message).toContain('no such model');
    expect(record({ api, body, stream: false }).error).toEqual({ class: 'error_event', message: 'no such model' });
  });
});

it('an API that generates no text says so in both of the places that know', () => {
  for (const kind of apiKindSchema.options) expect([kind, apiOf(kind).generates]).toEqual([kind, generatesText(kind)]);
});
