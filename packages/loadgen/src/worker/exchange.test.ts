import { describe, expect, it } from 'vitest';
import { Exchange } from './exchange.ts';

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

const control = { paused: false, aborted: false, reason: null, abort() {}, pause() {}, resume() {} } as never;

/** One exchange whose clock and server are played by the test. */
function play(over: { stream?: boolean } = {}): Playing {
  let now = 0;
  let retries = 0;
  let settled = 0;
  const exchange = new Exchange({
    job: { index: 0, phase: 'measured', body: Buffer.alloc(0), requestedPromptTokens: 5, requestedOutputTokens: 20, counted: true },
    intendedMs: 0,
    api: 'chat',
    stream: over.stream ?? true,
    clock: { at: () => now, turn: () => now },
    worker: 0,
    onSettled: () => settled++,
    staleMs: () => 10,
    retry: () => retries++,
    onToken: () => undefined,
  });
  exchange.onRequestStart(control);
  exchange.sentMs = 0;
  const write = (text: string) => exchange.onResponseData(control, Buffer.from(text));
  return {
    exchange,
    at(ms) {
      now = ms;
    },
    start: (status = 200) => exchange.onResponseStart(control, status, { 'content-type': 'text/event-stream' }),
    event: (choice, extra = {}) => write(`data: ${JSON.stringify({ choices: choice ? [choice] : [], ...extra })}\n\n`),
    done() {
      write('data: [DONE]\n\n');
      exchange.onResponseEnd();
    },
    cut: (code) => exchange.onResponseError(control, Object.assign(new Error('other side closed'), { code })),
    retries: () => retries,
    settled: () => settled,
  };
}

const text = (content: string, finish_reason: string | null = null) => ({ delta: { content }, finish_reason });

describe('a kept connection that is cut before any answer', () => {
  it('is replaced once when the cut comes at once, and its wait stays in the figures', () => {
    const { exchange, at, cut, retries, settled, start, event, done } = play();
    exchange.connection = 'reused';
    at(2);
    cut('ECONNRESET');
    expect([retries(), settled()]).toEqual([1, 0]);
    exchange.onRequestStart(control);
    exchange.connection = 'new';
    at(50);
    start();
    event(text('a', 'stop'));
    done();
    expect(exchange.record()).toMatchObject({ status: 'ok', sentMs: 0, intendedMs: 0, firstTokenMs: 50, connection: 'replaced' });
  });

  it('is replaced when the server had closed it before the request was written', () => {
    const { exchange, at, cut, retries } = play();
    exchange.connection = 'reused';
    at(400);
    cut('EPIPE');
    expect(retries()).toBe(1);
  });

  it('is a failure when the server has had the request for a while', () => {
    const { exchange, at, cut, retries, settled } = play();
    exchange.connection = 'reused';
    at(1000);
    cut('UND_ERR_SOCKET');
    expect([retries(), settled()]).toEqual([0, 1]);
    expect(exchange.record()).toMatchObject({ status: 'failed', sentMs: 0, endMs: 1000, error: { class: 'connect' } });
  });

  it('is a failure the second time', () => {
    const { exchange, at, cut, retries } = play();
    exchange.connection = 'reused';
    at(1);
    cut('ECONNRESET');
    exchange.connection = 'reused';
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
    exchange.onResponseStart(control, 200, { 'content-type': 'application/json' });
    exchange.onResponseData(
      control,
      Buffer.from(JSON.stringify({ choices: [{ message: { content: '' }, finish_reason: 'length' }], ...usage })),
    );
    exchange.onResponseEnd();
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
    exchange.onResponseData(control, Buffer.from(body));
    exchange.onResponseEnd();
    const message = exchange.record().error?.message ?? '';
    expect(message).toContain('xxx');
    expect(message.length).toBeLessThanOrEqual(300);
  });
});
