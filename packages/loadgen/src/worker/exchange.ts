import type { RequestRecord } from '@bench/core';
import type { Api } from '../apis/api.ts';
import { mergeUsage, type Usage } from '../apis/reading.ts';
import { clockMs } from '../clock.ts';
import { ndjsonReader } from '../ndjson.ts';
import { sseReader, type SseEvent, type SseReader } from '../sse.ts';
import { codeOf, cutFailure, describe, type Failure, failure, httpFailure, isParserError, streamFailure } from './failure.ts';
import type { AnswerHandler } from './http/connection.ts';
import type { Head } from './http/head.ts';
import type { Job } from './job.ts';
import type { ReadClock } from './read-clock.ts';
import { TokenStamps } from './token-stamps.ts';

/** As much of an error answer as is read. */
const ERROR_BYTES = 2000;

/** Of one event, and of an answer that is not streamed: four times the largest embeddings that are asked for at once. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Content types of what is no stream of that framing. */
const DOCUMENT: Record<Api['framing'], RegExp> = { sse: /json|html/, ndjson: /^application\/json|html/ };

export interface ExchangeOptions {
  job: Job;
  intendedMs: number;
  api: Api;
  stream: boolean;
  clock: ReadClock;
  worker: number;
  /** Called once, whatever happens. */
  onSettled(exchange: Exchange): void;
  /** A kept connection that is cut this soon after sending had been given up by the server already. Milliseconds. */
  staleMs(): number;
  /** Sends it again on a new connection: a kept one was given up by the server before the request reached it. Called once at most. */
  retry(exchange: Exchange): void;
  /** Called for every event that stands for a token; `newRead`: the first in a socket read. */
  onToken(newRead: boolean): void;
}

/** One request and its answer, which it stamps and reads as it comes. */
export class Exchange implements AnswerHandler {
  readonly job: Job;
  settled = false;
  status: RequestRecord['status'] = 'ok';
  connection: 'new' | 'reused' | null = null;
  sentMs: number;
  private giveUp: (() => void) | null = null;
  private readonly o: ExchangeOptions;
  private readonly tokens: TokenStamps;
  private firstByteMs: number | null = null;
  /** The last event, and its read. */
  private eventMs = Number.NEGATIVE_INFINITY;
  private eventTurn = -1;
  private endMs: number | null = null;
  private httpStatus: number | null = null;
  private usage: Usage | null = null;
  private finishReason: string | null = null;
  private ended = false;
  private retried = false;
  private problem: Failure | null = null;
  private error: Failure | null = null;
  private reader: SseReader | null = null;
  private body: Buffer[] = [];
  private bodyBytes = 0;

  constructor(options: ExchangeOptions) {
    this.o = options;
    this.job = options.job;
    this.sentMs = clockMs();
    this.tokens = new TokenStamps({
      keepGaps: options.stream && options.job.phase === 'measured',
      expectedTokens: options.job.requestedOutputTokens ?? 128,
    });
  }

  /** `giveUp` ends what it was handed to, unheard. */
  handedTo(giveUp: () => void): void {
    this.giveUp = giveUp;
  }

  onStart(connection: 'new' | 'reused'): void {
    // What a dead connection cost is part of the wait.
    if (this.retried) return;
    this.connection = connection;
    this.sentMs = clockMs();
  }

  onHead({ status, contentType }: Head): void {
    this.firstByteMs = this.o.clock.at();
    this.httpStatus = status;
    if (status !== 200 || !this.o.stream) return;
    // Anything but a document is read as a stream, however it is labelled.
    if (DOCUMENT[this.o.api.framing].test(contentType)) return;
    this.reader =
      this.o.api.framing === 'sse' ? sseReader((event) => this.onEvent(event)) : ndjsonReader((line) => this.onObject(line, false));
  }

  onData(bytes: Buffer): void {
    if (this.reader) {
      this.reader.push(bytes);
      if (this.reader.held > MOST_BYTES) this.refuse(`an event of over ${MOST_BYTES} bytes`);
    } else if (this.httpStatus === 200 || this.bodyBytes < ERROR_BYTES) {
      this.body.push(Buffer.from(bytes));
      this.bodyBytes += bytes.length;
      if (this.bodyBytes > MOST_BYTES) this.refuse(`an answer of over ${MOST_BYTES} bytes`);
    }
  }

  /** What nobody can mean to send is not waited for. */
  private refuse(what: string): void {
    if (this.settled) return;
    this.endMs = this.cameMs();
    this.fail(failure('bad_response', what));
    this.settle();
    this.giveUp?.();
  }

  onEnd(): void {
    this.endMs = this.cameMs();
    if (this.httpStatus !== 200) this.fail(httpFailure(this.httpStatus ?? 0, this.text()));
    else if (this.reader) {
      this.reader.end();
      this.endStream(null);
    } else this.endWhole();
    this.settle();
  }

  onError(error: Error, begun: boolean): void {
    this.endMs = this.cameMs();
    if (this.firstByteMs === null && (begun || isParserError(error))) this.fail(cutFailure(error));
    else if (this.firstByteMs === null) {
      if (this.connection === 'reused' && !this.retried && this.wasStale(error)) {
        this.retried = true;
        this.endMs = null;
        this.o.retry(this);
        return;
      }
      this.fail(failure('connect', describe(error)));
    } else if (this.reader) {
      this.reader.end();
      this.endStream(error);
    } else this.fail(cutFailure(error));
    this.settle();
  }

  /** Had the server given the connection up before the request? A cut any later is of a request that it has read: a failure. */
  private wasStale(error: Error): boolean {
    return codeOf(error) === 'EPIPE' || this.o.clock.at() - this.sentMs <= this.o.staleMs();
  }

  /** Ends the request from our side. */
  stop(kind: 'cancelled' | 'given_up' | 'timeout', message: string): void {
    if (this.settled) return;
    this.fail(failure(kind, message));
    if (kind !== 'timeout') this.status = 'cancelled';
    this.settle();
    this.giveUp?.();
  }

  private onEvent({ event, data }: SseEvent): void {
    if (data === '[DONE]') {
      if (this.o.api.doneEvent) this.ended = true;
      return;
    }
    this.onObject(data, event === 'error');
  }

  /** `isError`: it was called an error, whatever is in it. */
  private onObject(data: string, isError: boolean): void {
    // What comes in the same read after the client has given up.
    if (this.settled) return;
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      this.problem ??= failure('bad_response', `an event is not JSON: ${data.slice(0, 200)}`);
      return;
    }
    const reading = this.o.api.read(value);
    if (reading.error !== null || isError) {
      this.problem ??= failure('error_event', reading.error ?? data);
      return;
    }
    if (reading.usage) this.usage = mergeUsage(this.usage, reading.usage);
    if (reading.end) this.ended = true;
    if (reading.finishReason !== null) this.finishReason = reading.finishReason;
    if (!reading.choice) return;
    this.job.hear?.(value);
    this.job.transcript?.hear(value, reading);
    const { reads } = this.tokens;
    if (!this.tokens.stamp(reading, this.stampEvent(), this.o.clock.turn())) return;
    this.o.onToken(this.tokens.reads > reads);
    const { givingUp } = this.job;
    if (givingUp && 'chunks' in givingUp && this.tokens.chunks >= givingUp.chunks)
      this.stop('given_up', `given up after ${givingUp.chunks} chunks, as the load asks`);
  }

  /** When what is read now came. One poll may be followed by several reads of one socket. */
  private cameMs(): number {
    return Math.max(this.o.clock.at(), this.eventMs);
  }

  /** When the event came that is read now. */
  private stampEvent(): number {
    const turn = this.o.clock.turn();
    this.eventMs = turn === this.eventTurn ? this.o.clock.madeAt() : this.cameMs();
    this.eventTurn = turn;
    return this.eventMs;
  }

  /** A stream has ended: well, or with `cut`. */
  private endStream(cut: Error | null): void {
    if (this.settled) return;
    const { problem, ended, tokens } = this;
    const found = streamFailure({ problem, cut, ended, chunks: tokens.chunks, terminator: this.o.api.terminator });
    if (found) this.fail(found);
  }

  private endWhole(): void {
    let value: unknown;
    try {
      value = JSON.parse(this.text());
    } catch {
      this.fail(failure('bad_response', 'the answer is not JSON'));
      return;
    }
    const reading = this.o.api.read(value);
    this.job.hear?.(value);
    this.job.transcript?.hear(value, reading);
    this.usage = reading.usage;
    this.finishReason = reading.finishReason;
    if (reading.error !== null) this.fail(failure('error_event', reading.error));
    else if (this.o.stream) this.fail(failure('bad_response', 'asked for a stream, got one JSON answer'));
    else if (!reading.content && !reading.reasoning && !reading.toolCall) this.fail(failure('no_content', 'the answer holds no token'));
  }

  private text(): string {
    return Buffer.concat(this.body).toString('utf8');
  }

  private fail(found: Failure): void {
    this.status = 'failed';
    this.error = found;
  }

  private settle(): void {
    // The last event of a stream, which its end hands over, may be the one after which it is given up.
    if (this.settled) return;
    this.settled = true;
    this.endMs ??= clockMs();
    this.body = [];
    this.o.onSettled(this);
  }

  /** The gaps between chunks, milliseconds; none for a warm-up. */
  takeGaps(): Float32Array {
    return this.tokens.takeGaps();
  }

  /** The record, on the machine's clock. */
  record(): RequestRecord {
    const { job, usage } = this;
    const guessed = job.requestedPromptTokens;
    const promptTokens = usage?.promptTokens ?? guessed;
    const { chunks } = this.tokens;
    const chunked = chunks > 0 ? chunks : null;
    return {
      index: job.index,
      phase: job.phase,
      status: this.status,
      intendedMs: this.o.intendedMs,
      sentMs: this.sentMs,
      firstByteMs: this.firstByteMs,
      ...this.tokens.stamps(),
      endMs: this.endMs,
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
      ...(job.class === undefined ? {} : { class: job.class }),
      ...(job.turn && { conversation: job.turn.conversation, turn: job.turn.turn }),
    };
  }
}
