import { eventGaps, loadSpecSchema, type RequestRecord } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { apiOf } from '../apis/index.ts';
import type { LoadSummary } from '../result.ts';
import { summarizeRecords } from '../summarize.ts';
import { Exchange } from './exchange.ts';
import { headOf } from './http/head.fixture.ts';

interface Playing {
  exchange: Exchange;
  /** Milliseconds after it was sent. */
  at(ms: number): void;
  start(status?: number): void;
  event(choice: object | null, extra?: object): void;
  done(): void;
  cut(code: string): void;
  retries(): number;
  settled(): number;
}

/** One exchange whose clock and server are played by the test. */
function play(over: { stream?: boolean; givingUp?: { chunks: number } } = {}): Playing {
  let now = 0;
  let retries = 0;
  let settled = 0;
  const exchange = new Exchange({
    job: {
      index: 0,
      phase: 'measured',
      body: Buffer.alloc(0),
      requestedPromptTokens: 5,
      requestedOutputTokens: 20,
      counted: true,
      givingUp: over.givingUp ?? null,
    },
    intendedMs: 0,
    api: apiOf('chat'),
    stream: over.stream ?? true,
    clock: { read: () => undefined, other: () => undefined, at: () => now, madeAt: () => now, turn: () => now },
    worker: 0,
    onSettled: () => settled++,
    staleMs: () => 10,
    retry: () => retries++,
    onToken: () => undefined,
  });
  exchange.onStart('new');
  exchange.sentMs = 0;
  const write = (text: string) => exchange.onData(Buffer.from(text));
  return {
    exchange,
    at(ms) {
      now = ms;
    },
    start: (status = 200) => exchange.onHead(headOf(status, 'text/event-stream')),
    event: (choice, extra = {}) => write(`data: ${JSON.stringify({ choices: choice ? [choice] : [], ...extra })}\n\n`),
    done() {
      write('data: [DONE]\n\n');
      exchange.onEnd();
    },
    cut: (code) => exchange.onError(Object.assign(new Error('other side closed'), { code }), false),
    retries: () => retries,
    settled: () => settled,
  };
}

const text = (content: string, finish_reason: string | null = null) => ({ delta: { content }, finish_reason });

describe('a kept connection that is cut before any answer', () => {
  it('is replaced once when the cut comes at once, and its wait stays in the figures', () => {
    const { exchange, at, cut, retries, settled, start, event, done } = play();
    exchange.onStart('reused');
    exchange.sentMs = 0;
    at(2);
    cut('ECONNRESET');
    expect([retries(), settled()]).toEqual([1, 0]);
    exchange.onStart('new');
    at(50);
    start();
    event(text('a', 'stop'));
    done();
    expect(exchange.record()).toMatchObject({ status: 'ok', sentMs: 0, intendedMs: 0, firstTokenMs: 50, connection: 'replaced' });
  });

  it('is replaced when the server had closed it before the request was written', () => {
    const { exchange, at, cut, retries } = play();
    exchange.onStart('reused');
    exchange.sentMs = 0;
    at(400);
    cut('EPIPE');
    expect(retries()).toBe(1);
  });

  it('is a failure when the server has had the request for a while', () => {
    const { exchange, at, cut, retries, settled } = play();
    exchange.onStart('reused');
    exchange.sentMs = 0;
    at(1000);
    cut('UND_ERR_SOCKET');
    expect([retries(), settled()]).toEqual([0, 1]);
    expect(exchange.record()).toMatchObject({ status: 'failed', sentMs: 0, endMs: 1000, error: { class: 'connect' } });
  });

  it('is a failure the second time', () => {
    const { exchange, at, cut, retries } = play();
    exchange.onStart('reused');
    exchange.sentMs = 0;
    at(1);
    cut('ECONNRESET');
    exchange.onStart('reused');
    exchange.sentMs = 0;
    cut('ECONNRESET');
    expect(retries()).toBe(1);
    expect(exchange.record().error?.class).toBe('connect');
  });
});

describe('an answer without text', () => {
  const usage = { usage: { prompt_tokens: 5, completion_tokens: 20 } };

  it('is a failure, whatever its usage says', () => {
    const { exchange, start, event, done } = play();
    start();
    event({ delta: { role: 'assistant', content: '' }, finish_reason: null });
    for (let i = 0; i < 20; i++) event(text(''));
    event(text('', 'length'), usage);
    done();
    expect(exchange.record()).toMatchObject({ status: 'failed', chunks: 0, outputTokens: 20, error: { class: 'no_content' } });
  });

  it('is a failure too when it is not streamed', () => {
    const { exchange } = play({ stream: false });
    exchange.onHead(headOf(200, 'application/json'));
    exchange.onData(Buffer.from(JSON.stringify({ choices: [{ message: { content: '' }, finish_reason: 'length' }], ...usage })));
    exchange.onEnd();
    expect(exchange.record()).toMatchObject({ status: 'failed', error: { class: 'no_content' } });
  });
});

describe('the message of a failure', () => {
  it.each([
    ['an HTTP error', 500, 'x'.repeat(5000)],
    ['an error event', 200, `data: ${JSON.stringify({ error: { message: 'x'.repeat(5000) } })}\n\n`],
  ])('is kept to 300 characters: %s', (_name, status, body) => {
    const { exchange, start } = play();
    start(status);
    exchange.onData(Buffer.from(body));
    exchange.onEnd();
    const message = exchange.record().error?.message ?? '';
    expect(message).toContain('xxx');
    expect(message.length).toBeLessThanOrEqual(300);
  });
});

describe('events without text', () => {
  const usage = { usage: { prompt_tokens: 5, completion_tokens: 20 } };
  const load = loadSpecSchema.parse({
    numPrompts: 1,
    data: { kind: 'random', inputTokens: { min: 5, max: 5 }, outputTokens: { min: 20, max: 20 } },
  });

  /** Twenty tokens 10 ms apart, text in every fourth: what unfinished characters and special tokens look like. */
  function sparse(finish: 'with the last' | 'alone'): { record: RequestRecord; gaps: Float32Array; summary: LoadSummary } {
    const { exchange, at, start, event, done } = play();
    at(5);
    start();
    event({ delta: { role: 'assistant', content: '' }, finish_reason: null });
    for (let i = 0; i < 20; i++) {
      at(10 + 10 * i);
      event(text(i % 4 === 0 ? 'word' : ''));
    }
    if (finish === 'alone') {
      at(204);
      event({ delta: {}, finish_reason: 'length' });
    }
    at(220);
    event(null, usage);
    done();
    const record = exchange.record();
    const gaps = exchange.takeGaps();
    const summary = summarizeRecords({ load, records: [record], gaps: [{ index: 0, gapsMs: gaps }], startedAt: '', client: null });
    return { record, gaps, summary };
  }

  it('stand for tokens after the first text, and a finish reason alone does not', () => {
    const { record, gaps, summary } = sparse('alone');
    expect(record).toMatchObject({ status: 'ok', firstEventMs: 5, firstTokenMs: 10, lastTokenMs: 200, lastEventMs: 204 });
    expect(record).toMatchObject({ chunks: 20, eventsBefore: 1, eventsAfter: 1 });
    expect([...gaps]).toEqual(Array<number>(19).fill(10));
    expect(summary.distributions.tpot_ms?.mean).toBeCloseTo(10);
    expect(summary.distributions.itl_ms?.mean).toBeCloseTo(10);
    expect(summary.distributions.icl_ms?.mean).toBeCloseTo(10);
    expect(summary.distributions.e2el_ms?.mean).toBeCloseTo(200);
    expect(summary.scalars.tokens_per_chunk).toBeCloseTo(1);
  });

  it('all count in vLLM’s figures', () => {
    const { vllm } = sparse('alone').summary;
    // 22 events with a choice: 5 ms after the role, 19 of 10 ms, 4 ms to the finish reason.
    expect(vllm.mean_ttft_ms).toBeCloseTo(5);
    expect(vllm.mean_itl_ms).toBeCloseTo((204 - 5) / 21);
    expect(vllm.mean_e2el_ms).toBeCloseTo(204);
    expect(vllm.mean_tpot_ms).toBeCloseTo((204 - 5) / 19);
    expect(vllm.max_output_tokens_per_s).toBe(22);
  });

  it('end the answer with its last event, usage and [DONE] left out', () => {
    const { record, summary } = sparse('with the last');
    expect(record).toMatchObject({ lastTokenMs: 200, lastEventMs: 200, eventsAfter: 0, status: 'ok', endMs: 220 });
    expect(summary.vllm.mean_itl_ms).toBeCloseTo((200 - 5) / 20);
    expect(summary.vllm.mean_e2el_ms).toBeCloseTo(200);
  });

  it('before the first text are counted, and share the time up to it', () => {
    const { exchange, at, start, event, done } = play();
    start();
    for (const ms of [10, 20, 40]) {
      at(ms);
      event(text(''));
    }
    at(70);
    event(text('word', 'stop'));
    done();
    const record = exchange.record();
    expect(record).toMatchObject({ firstEventMs: 10, firstTokenMs: 70, eventsBefore: 3, eventsAfter: 0, chunks: 1 });
    expect(eventGaps(record, exchange.takeGaps())).toEqual([20, 20, 20]);
  });
});

describe('an answer that is no HTTP, or ends in its head', () => {
  it.each([
    ['is not what the API promises', 'HPE_ANSWER', false, 'bad_response'],
    ['is cut, not refused', 'ECONNRESET', true, 'reset'],
  ])('%s, and is not asked for again', (_what, code, begun, kind) => {
    const { exchange, retries, settled } = play();
    exchange.onStart('reused');
    exchange.onError(Object.assign(new Error('other side closed'), { code }), begun);
    expect([retries(), settled()]).toEqual([0, 1]);
    expect(exchange.record()).toMatchObject({ status: 'failed', error: { class: kind } });
  });
});

it.each([['ends'], ['is cut']])(
  'a request that is given up after an event which the stream leaves open as it %s is settled once',
  (how) => {
    const { exchange, start, settled } = play({ givingUp: { chunks: 1 } });
    start();
    exchange.onData(Buffer.from(`data: ${JSON.stringify({ choices: [text('a')] })}\n`));
    expect(settled()).toBe(0);
    if (how === 'ends') exchange.onEnd();
    else exchange.onError(new Error('other side closed'), true);
    expect(settled()).toBe(1);
    expect(exchange.record()).toMatchObject({ status: 'cancelled', error: { class: 'given_up' } });
  },
);

it.each([
  ['an event', true],
  ['an answer', false],
])('%s that does not end fails, and is not kept', (_what, stream) => {
  const { exchange, settled, start } = play({ stream });
  if (stream) start();
  else exchange.onHead(headOf(200, 'application/json'));
  const megabytes = Buffer.alloc(8 * 1024 * 1024, 0x61);
  let given = 0;
  while (settled() === 0 && given < 12) {
    exchange.onData(megabytes);
    given++;
  }
  expect(given).toBe(9);
  expect(exchange.record()).toMatchObject({ status: 'failed', error: { class: 'bad_response' } });
});
