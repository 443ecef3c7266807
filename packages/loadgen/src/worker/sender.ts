import type { LoadSpec } from '@bench/core';
import { apiOf } from '../apis/index.ts';
import type { LoadTarget } from '../target.ts';
import { clockMs } from '../clock.ts';
import { Exchange } from './exchange.ts';
import type { Job } from './job.ts';
import { createPools, type RoutePool } from './pools.ts';
import { readClock } from './read-clock.ts';

export interface Sender {
  /** Sends now; resolves through `onSettled`. */
  send(job: Job, intendedMs: number, onSettled: (exchange: Exchange) => void): void;
  /** Cancels all that is in flight. */
  cancelAll(): void;
  close(): void;
}

export interface SenderOptions {
  target: LoadTarget;
  load: LoadSpec;
  worker: number;
  /** Connections of a route at most; null: as many as needed. */
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

/** Requests on kept connections, with our own deadlines, and one repetition for a connection that was already dead when it was written to. */
export function createSender({ target, load, worker, connections, onToken }: SenderOptions): Sender {
  const clock = readClock();
  const open = new Map<Exchange, number>();
  const impatient = new Map<Exchange, NodeJS.Timeout>();
  const api = apiOf(load.api);
  const stream = load.stream && api.generates;
  const pools = createPools({ target, load, stream, connections, clock });

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

  function hand(exchange: Exchange, { pool, head }: RoutePool, fresh: boolean): void {
    const { body, index } = exchange.job;
    const text = `${head}x-request-id: ${requestId(load.seed, index)}\r\ncontent-length: ${body.length}\r\nconnection: ${fresh ? 'close' : 'keep-alive'}\r\n\r\n`;
    const request = Buffer.allocUnsafe(text.length + body.length);
    request.write(text, 'latin1');
    body.copy(request, text.length);
    exchange.handedTo(pool.send(request, exchange, { fresh }));
  }

  return {
    send(job, intendedMs, onSettled) {
      // All turns of a conversation go where its prefix is.
      const route = pools.of(job.turn?.conversation ?? job.index);
      const exchange = new Exchange({
        job,
        intendedMs,
        api,
        stream,
        clock,
        worker,
        onToken,
        staleMs: () => Math.min(STALE_MOST_MS, route.pool.quickestConnectMs + STALE_MS),
        onSettled(self) {
          open.delete(self);
          clearTimeout(impatient.get(self));
          impatient.delete(self);
          onSettled(self);
        },
        retry: (self) => hand(self, route, true),
      });
      open.set(exchange, clockMs() + load.requestTimeoutMs);
      const { givingUp } = job;
      if (givingUp && 'afterMs' in givingUp) {
        const giveUp = () => exchange.stop('given_up', `given up after ${Math.round(givingUp.afterMs)} ms, as the load asks`);
        impatient.set(exchange, setTimeout(giveUp, givingUp.afterMs));
      }
      hand(exchange, route, false);
    },
    cancelAll() {
      for (const exchange of open.keys()) exchange.stop('cancelled', 'the run was stopped');
    },
    close() {
      clearInterval(deadlines);
      pools.destroy();
    },
  };
}

/** The `x-request-id` of a request: seed in hex, and index. */
export function requestId(seed: number, index: number): string {
  return `${seed.toString(16).padStart(8, '0')}-${index}`;
}
