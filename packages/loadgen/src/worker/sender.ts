import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { LoadSpec } from '@bench/core';
import { buildConnector, Pool } from 'undici';
import { apiOf } from '../apis/index.ts';
import { apiPath, requestHeaders, type LoadTarget } from '../target.ts';
import { clockMs } from '../clock.ts';
import { Exchange } from './exchange.ts';
import type { Job } from './job.ts';
import { readClock } from './read-clock.ts';

export interface Sender {
  /** Sends now; resolves through `onSettled`. */
  send(job: Job, intendedMs: number, onSettled: (exchange: Exchange) => void): void;
  /** Cancels all that is in flight. */
  cancelAll(): void;
  close(): Promise<void>;
}

export interface SenderOptions {
  target: LoadTarget;
  load: LoadSpec;
  worker: number;
  /** Connections at most; null: as many as needed. */
  connections: number | null;
  /** A token event came; `newRead`: the first of its stream in a socket read. */
  onToken(newRead: boolean): void;
}

/**
 * A server that had closed a kept connection says so within a round trip; this is added for machines so busy that the news waits
 * (10 ms gave false failures with client and server on two loaded cores). Milliseconds.
 */
const STALE_MS = 100;
const STALE_MOST_MS = 250;

const CHANNEL = 'undici:client:sendHeaders';

/** undici's pool below `dispatch`, with our own deadlines, and one repetition for a kept connection that was already dead when it was written to. */
export function createSender({ target, load, worker, connections, onToken }: SenderOptions): Sender {
  const connector = buildConnector({ timeout: Math.min(30_000, load.requestTimeoutMs) });
  let quickestConnectMs = Number.POSITIVE_INFINITY;
  const connect: typeof connector = (options, done) => {
    const fromMs = clockMs();
    connector(options, (...result) => {
      if (result[1]) quickestConnectMs = Math.min(quickestConnectMs, clockMs() - fromMs);
      done(...result);
    });
  };
  const settings = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connect };
  const pool = new Pool(target.origin, { ...settings, connections });
  // Connections of this one are closed after each answer, so whatever is sent on it goes out on a new one.
  const fresh = new Pool(target.origin, { ...settings, connections: null });
  const clock = readClock();
  const open = new Map<Exchange, number>();
  const impatient = new Map<Exchange, NodeJS.Timeout>();
  const used = new WeakSet<object>();
  let starting: Exchange | null = null;
  // undici publishes the socket right after it calls `onRequestStart` of the same request.
  const onHeaders = (message: unknown) => {
    const socket = (message as { socket?: object }).socket;
    if (!starting || !socket) return;
    starting.connection = used.has(socket) ? 'reused' : 'new';
    used.add(socket);
    starting = null;
  };
  subscribe(CHANNEL, onHeaders);
  const api = apiOf(load.api);
  const stream = load.stream && api.generates;
  const path = apiPath(target, load.api, stream);
  const fixed = Object.entries(requestHeaders(target, load.api)).flat();

  const deadlines = setInterval(
    () => {
      const now = clockMs();
      for (const [exchange, deadline] of open) {
        if (deadline > now) break; // Deadlines are in the order of sending.
        exchange.stop('timeout', `no end of the answer within ${load.requestTimeoutMs} ms`);
      }
    },
    Math.max(5, Math.min(50, load.requestTimeoutMs / 10)),
  );

  function dispatch(through: Pool, exchange: Exchange, reset: boolean): void {
    const { job } = exchange;
    through.dispatch(
      {
        path,
        method: 'POST',
        headers: [...fixed, 'x-request-id', requestId(load.seed, job.index)],
        body: job.body,
        reset,
      },
      {
        onRequestStart(controller) {
          starting = exchange;
          exchange.onRequestStart(controller);
        },
        onResponseStart: (c, status, headers) => exchange.onResponseStart(c, status, headers),
        onResponseData: (c, chunk) => exchange.onResponseData(c, chunk),
        onResponseEnd: () => exchange.onResponseEnd(),
        onResponseError: (c, error) => exchange.onResponseError(c, error),
      },
    );
  }

  return {
    send(job, intendedMs, onSettled) {
      const exchange = new Exchange({
        job,
        intendedMs,
        api,
        stream,
        clock,
        worker,
        onToken,
        staleMs: () => Math.min(STALE_MOST_MS, quickestConnectMs + STALE_MS),
        onSettled(self) {
          open.delete(self);
          clearTimeout(impatient.get(self));
          impatient.delete(self);
          onSettled(self);
        },
        retry(self) {
          dispatch(fresh, self, true);
        },
      });
      open.set(exchange, clockMs() + load.requestTimeoutMs);
      const { givingUp } = job;
      if (givingUp && 'afterMs' in givingUp) {
        const giveUp = () => exchange.stop('given_up', `given up after ${Math.round(givingUp.afterMs)} ms, as the load asks`);
        impatient.set(exchange, setTimeout(giveUp, givingUp.afterMs));
      }
      dispatch(pool, exchange, false);
    },
    cancelAll() {
      for (const exchange of open.keys()) exchange.stop('cancelled', 'the run was stopped');
    },
    async close() {
      clearInterval(deadlines);
      unsubscribe(CHANNEL, onHeaders);
      await Promise.all([pool.destroy(), fresh.destroy()]);
    },
  };
}

/** The `x-request-id` of a request: seed in hex, and index. */
export function requestId(seed: number, index: number): string {
  return `${seed.toString(16).padStart(8, '0')}-${index}`;
}
