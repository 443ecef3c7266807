import { clockMs } from '../../clock.ts';
import type { ReadClock } from '../read-clock.ts';
import { type AnswerHandler, type Connection, openConnection } from './connection.ts';

export interface PoolOptions {
  /** `http://host:port`. */
  origin: string;
  /** Address of this machine that connections are made from. Default: null, the system's choice. */
  sourceAddress?: string | null;
  /** Connections at most; null: as many as needed. Requests beyond it wait for one, first come first served. */
  connections: number | null;
  connectTimeoutMs: number;
  clock: ReadClock;
}

/** Connections to one server that are kept and used again, each carrying one request at a time. */
export interface Pool {
  /** Sends the bytes of a request. `fresh`: on a connection of its own, beside the others. What is given back gives it up: its handler hears nothing more. */
  send(request: Buffer, handler: AnswerHandler, options?: { fresh?: boolean }): () => void;
  /** The shortest time that connecting has taken, milliseconds; infinite before the first. */
  readonly quickestConnectMs: number;
  /** Ends all connections. */
  destroy(): void;
}

interface Waiting {
  request: Buffer;
  handler: AnswerHandler;
  /** What carries it. */
  on: Connection | null;
}

export function createPool({ origin, sourceAddress = null, connections, connectTimeoutMs, clock }: PoolOptions): Pool {
  const url = new URL(origin);
  const most = connections ?? Number.POSITIVE_INFINITY;
  const open = new Set<Connection>();
  const alone = new Set<Connection>();
  // The one that was used last comes first: the others may then end, idle.
  const idle: Connection[] = [];
  const queue: Waiting[] = [];
  let quickestConnectMs = Number.POSITIVE_INFINITY;
  let destroyed = false;

  function connect(own: boolean): Connection {
    const connection = openConnection({
      origin: url,
      sourceAddress,
      connectTimeoutMs,
      clock,
      onConnected(tookMs) {
        quickestConnectMs = Math.min(quickestConnectMs, tookMs);
      },
      onFree(free) {
        if (own) free.destroy();
        else if (!serve(free)) idle.push(free);
      },
      onClosed(closed) {
        alone.delete(closed);
        if (!open.delete(closed)) return;
        const at = idle.lastIndexOf(closed);
        if (at >= 0) idle.splice(at, 1);
        if (!destroyed && queue.length > 0) serve(connect(false));
      },
    });
    (own ? alone : open).add(connection);
    return connection;
  }

  /** Gives the next one that waits to a connection. False: nobody waits. */
  function serve(connection: Connection): boolean {
    const next = queue.shift();
    if (!next) return false;
    carry(connection, next);
    return true;
  }

  function carry(connection: Connection, its: Waiting): void {
    its.on = connection;
    connection.carry(its.request, its.handler);
  }

  function kept(): Connection | null {
    const now = clockMs();
    for (let last = idle.pop(); last; last = idle.pop()) {
      if (last.freshUntilMs > now) return last;
      last.destroy();
    }
    return null;
  }

  return {
    send(request, handler, { fresh = false } = {}) {
      const its: Waiting = { request, handler, on: null };
      if (fresh) carry(connect(true), its);
      else {
        const free = kept() ?? (open.size < most ? connect(false) : null);
        if (free) carry(free, its);
        else queue.push(its);
      }
      return () => {
        if (its.on) its.on.giveUp(handler);
        else queue.splice(queue.indexOf(its), 1);
      };
    },
    get quickestConnectMs() {
      return quickestConnectMs;
    },
    destroy() {
      destroyed = true;
      queue.length = 0;
      for (const connection of [...open, ...alone]) connection.destroy();
    },
  };
}
