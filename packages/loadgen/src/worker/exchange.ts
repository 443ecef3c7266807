import type { ApiKind, RequestErrorClass, RequestRecord } from '@bench/core';
import type { Dispatcher } from 'undici';
import { clockMs } from '../clock.ts';
import { sseReader, type SseEvent, type SseReader } from '../sse.ts';
import { readAnswer, type Usage } from './answer.ts';
import type { Job } from './job.ts';
import type { ReadClock } from './read-clock.ts';

/** As much of an error answer as is read. */
const ERROR_BYTES = 2000;
/** As much of an error's message as goes into the record, characters. */
const MESSAGE_LENGTH = 300;

export interface ExchangeOptions {
  job: Job;
  intendedMs: number;
  api: ApiKind;
  stream: boolean;
  clock: ReadClock;
  worker: number;
  /** Called once, whatever happens. */
  onSettled(exchange: Exchange): void;
  /** A kept connection that is cut this soon after sending had been given up by the server already. Milliseconds. */
  staleMs(): number;
  /** Sends it again on a new connection: a kept one was given up by the server before the request reached it. Called once at most. */
  retry(exchange: Exchange): void;
  /** Called for every event that stands for a token. */
  onToken(): void;
}

/** One request and its answer: undici's handler of it, which stamps and reads what comes. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly job: Job;
  settled = false;
  status: RequestRecord['status'] = 'ok';
  connection: 'new' | 'reused' | null = null;
  sentMs: number;
  private controller: Dispatcher.DispatchController | null = null;
  private readonly o: ExchangeOptions;
  private firstByteMs: number | null = null;
  private firstEventMs: number | null = null;
  private firstTokenMs: number | null = null;
  private firstAnswerMs: number | null = null;
  private lastTokenMs: number | null = null;
  private lastEventMs: number | null = null;
  private eventsBefore = 0;
  private eventsAfter = 0;
  private endMs: number | null = null;
  private httpStatus: number | null = null;
  private chunks = 0;
  private reads = 0;
  private lastTurn = -1;
  private gaps: Float32Array;
  private usage: Usage | null = null;
  private finishReason: string | null = null;
  private sawDone = false;
  private retried = false;
  private problem: { class: RequestErrorClass; message: string } | null = null;
  private error: RequestRecord['error'] = null;
  private reader: SseReader | null = null;
  private body: Buffer[] = [];
  private bodyBytes = 0;

  constructor(options: ExchangeOptions) {
    this.o = options;
    this.job = options.job;
    this.sentMs = clockMs();
    const expected = options.stream && options.job.phase === 'measured' ? (options.job.requestedOutputTokens ?? 128) : 0;
    this.gaps = new Float32Array(Math.min(Math.max(expected - 1, 0), 4096));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) {
      controller.abort(new Error('no longer wanted'));
      return;
    }
    this.controller = controller;
    // What a dead connection cost is part of the wait.
    if (!this.retried) this.sentMs = clockMs();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200 || this.settled) return;
    this.firstByteMs = this.o.clock.at();
    this.httpStatus = status;
    if (status !== 200 || !this.o.stream) return;
    const type = String(headers['content-type'] ?? '');
    // Anything but a document is read as a stream, however it is labelled.
    if (/json|html/.test(type)) return;
    this.reader = sseReader((event) => this.onEvent(event));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled) return;
    if (this.reader) {
      this.o.clock.at();
      this.reader.push(chunk);
    } else if (this.httpStatus === 200 || this.bodyBytes < ERROR_BYTES) {
      this.body.push(chunk);
      this.bodyBytes += chunk.length;
    }
  }

  onResponseEnd(): void {
    if (this.settled) return;
    this.endMs = this.o.clock.at();
    if (this.httpStatus !== 200) this.fail(...this.httpProblem());
    else if (this.reader) {
      this.reader.end();
      this.endStream(null);
    } else this.endWhole();
    this.settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.settled) return;
    this.endMs = this.o.clock.at();
    if (this.firstByteMs === null) {
      if (this.connection === 'reused' && !this.retried && this.wasStale(error)) {
        this.retried = true;
        this.endMs = null;
        this.o.retry(this);
        return;
      }
      this.fail('connect', describe(error));
    } else if (this.reader) {
      this.reader.end();
      this.endStream(error);
    } else this.fail(isParserError(error) ? 'bad_response' : 'reset', describe(error));
    this.settle();
  }

  /** Had the server given the connection up before the request? A cut any later is of a request that it has read: a failure. */
  private wasStale(error: Error): boolean {
    return codeOf(error) === 'EPIPE' || this.o.clock.at() - this.sentMs <= this.o.staleMs();
  }

  /** Ends the request from our side. */
  stop(kind: 'cancelled' | 'timeout', message: string): void {
    if (this.settled) return;
    this.error = { class: kind, message: capped(message) };
    this.status = kind === 'cancelled' ? 'cancelled' : 'failed';
    this.settle();
    this.controller?.abort(new Error(message));
  }

  private onEvent({ event, data }: SseEvent): void {
    if (data === '[DONE]') {
      this.sawDone = true;
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      this.problem ??= { class: 'bad_response', message: `an event is not JSON: ${data.slice(0, 200)}` };
      return;
    }
    const reading = readAnswer(value, this.o.api);
    if (reading.error !== null || event === 'error') {
      this.problem ??= { class: 'error_event', message: reading.error ?? data };
      return;
    }
    if (reading.usage) this.usage = reading.usage;
    if (reading.finishReason !== null) this.finishReason = reading.finishReason;
    if (!reading.choice) return;
    const now = this.o.clock.at();
    this.firstEventMs ??= now;
    this.lastEventMs = now;
    if (!reading.content && !reading.reasoning && !reading.toolCall) {
      if (this.chunks === 0) {
        this.eventsBefore++;
        return;
      }
      // A finish reason alone may be a special token or none; an event with nothing at all is a token whose text is not whole yet, or has none.
      if (reading.finishReason !== null || this.finishReason !== null) {
        this.eventsAfter++;
        return;
      }
    }
    if (this.lastTokenMs !== null && this.job.phase === 'measured') this.pushGap(now - this.lastTokenMs);
    this.chunks++;
    const turn = this.o.clock.turn();
    if (turn !== this.lastTurn) {
      this.lastTurn = turn;
      this.reads++;
    }
    this.firstTokenMs ??= now;
    if (reading.content || reading.toolCall) this.firstAnswerMs ??= now;
    this.lastTokenMs = now;
    this.o.onToken();
  }

  private pushGap(gap: number): void {
    const at = this.chunks - 1;
    if (at >= this.gaps.length) {
      const wider = new Float32Array(Math.max(64, this.gaps.length * 2));
      wider.set(this.gaps);
      this.gaps = wider;
    }
    this.gaps[at] = gap;
  }

  /** A stream has ended: well, or with `cut`. */
  private endStream(cut: Error | null): void {
    const ended = this.sawDone || this.finishReason !== null;
    // What a cut left half written is the cut's fault, not the server's grammar.
    if (this.problem?.class === 'error_event' || (this.problem && !cut)) this.fail(this.problem.class, this.problem.message);
    else if (cut && !ended) this.fail(isParserError(cut) ? 'bad_response' : 'reset', describe(cut));
    else if (this.chunks === 0) this.fail('no_content', 'the stream carried no token');
    else if (!ended) this.fail('no_end', 'the stream closed without a finish reason or [DONE]');
  }

  private endWhole(): void {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.concat(this.body).toString('utf8'));
    } catch {
      this.fail('bad_response', 'the answer is not JSON');
      return;
    }
    const reading = readAnswer(value, this.o.api);
    this.usage = reading.usage;
    this.finishReason = reading.finishReason;
    if (reading.error !== null) this.fail('error_event', reading.error);
    else if (this.o.stream) this.fail('bad_response', 'asked for a stream, got one JSON answer');
    else if (!reading.content && !reading.reasoning && !reading.toolCall) this.fail('no_content', 'the answer holds no token');
  }

  private httpProblem(): [RequestErrorClass, string] {
    const status = this.httpStatus ?? 0;
    const kind = status >= 500 ? 'http_5xx' : status >= 400 ? 'http_4xx' : 'bad_response';
    return [kind, `HTTP ${status}: ${Buffer.concat(this.body).toString('utf8').trim()}`];
  }

  private fail(kind: RequestErrorClass, message: string): void {
    this.status = 'failed';
    this.error = { class: kind, message: capped(message) };
  }

  private settle(): void {
    this.settled = true;
    this.endMs ??= clockMs();
    this.body = [];
    this.o.onSettled(this);
  }

  /** The gaps between chunks, milliseconds; none for a warm-up. */
  takeGaps(): Float32Array {
    const count = Math.max(0, this.chunks - 1);
    return this.gaps.length === count ? this.gaps : this.gaps.slice(0, count);
  }

  /** The record, on the machine's clock. */
  record(): RequestRecord {
    const { job, usage } = this;
    const guessed = job.requestedPromptTokens;
    const promptTokens = usage?.promptTokens ?? guessed;
    const chunked = this.chunks > 0 ? this.chunks : null;
    return {
      index: job.index,
      phase: job.phase,
      status: this.status,
      intendedMs: this.o.intendedMs,
      sentMs: this.sentMs,
      firstByteMs: this.firstByteMs,
      firstEventMs: this.firstEventMs,
      firstTokenMs: this.firstTokenMs,
      firstAnswerMs: this.firstAnswerMs,
      lastTokenMs: this.lastTokenMs,
      lastEventMs: this.lastEventMs,
      endMs: this.endMs,
      chunks: this.chunks,
      eventsBefore: this.eventsBefore,
      eventsAfter: this.eventsAfter,
      reads: this.reads,
      promptTokens,
      cachedTokens: usage?.cachedTokens ?? null,
      outputTokens: usage?.outputTokens ?? chunked,
      reasoningTokens: usage?.reasoningTokens ?? null,
      promptTokenSource:
        usage?.promptTokens != null ? 'server_usage' : guessed === null ? 'none' : job.counted ? 'client_tokenizer' : 'requested',
      outputTokenSource: usage?.outputTokens != null ? 'server_usage' : chunked === null ? 'none' : 'chunk_count',
      requestedPromptTokens: job.requestedPromptTokens,
      requestedOutputTokens: job.requestedOutputTokens,
      finishReason: this.finishReason,
      connection: this.retried ? 'replaced' : this.connection,
      worker: this.o.worker,
      httpStatus: this.httpStatus,
      error: this.error,
    };
  }
}

function capped(message: string): string {
  return message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH - 1)}…` : message;
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

function describe(error: Error): string {
  const code = codeOf(error);
  const text = error.message || error.name;
  return code !== '' && !text.includes(code) ? `${code}: ${text}` : text;
}

function isParserError(error: Error): boolean {
  return codeOf(error).startsWith('HPE_') || error.name === 'HTTPParserError';
}
