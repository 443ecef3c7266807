import { connect as connectPlain, isIP, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { clockMs } from '../../clock.ts';
import type { ReadClock } from '../read-clock.ts';
import type { Head } from './head.ts';
import { responseReader } from './response-reader.ts';

/** What becomes of one request. After `onEnd` or `onError`, and after it was given up, nothing comes any more. */
export interface AnswerHandler {
  /** It is written to a connection now. */
  onStart(connection: 'new' | 'reused'): void;
  onHead(head: Head): void;
  /** The bytes are good until it returns. */
  onData(bytes: Buffer): void;
  onEnd(): void;
  /** The connection failed: was not made, or ended before the answer did, of which something had come if it had `begun`. */
  onError(error: Error, begun: boolean): void;
}

export interface ConnectionOptions {
  origin: URL;
  /** Null: the system's choice. */
  sourceAddress: string | null;
  connectTimeoutMs: number;
  /** Told before anything that a socket reports is handed on. */
  clock: ReadClock;
  /** The time that it took to connect. */
  onConnected(tookMs: number): void;
  /** An answer is whole, and the connection may carry another request. */
  onFree(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** One connection, and the request that it carries. */
export interface Connection {
  /** Until when it may be used again, on `clockMs`. */
  readonly freshUntilMs: number;
  /** It must carry no request at the time. */
  carry(request: Buffer, handler: AnswerHandler): void;
  /** Ends it while it carries the request of `handler`, who hears nothing of it. */
  giveUp(handler: AnswerHandler): void;
  /** Ends it. Its handler hears nothing of it. */
  destroy(): void;
}

/**
 * What connections read into, all of them: what one has read is used up before another reads.
 */
const INTO = Buffer.allocUnsafeSlow(64 * 1024);

/** Servers that tell nothing keep an idle connection for five seconds and more (Node, uvicorn: 5 s). */
const KEEP_MS = 4000;
/** A connection is left alone this long before the server is to close it. */
const MARGIN_MS = 1000;

export function openConnection(options: ConnectionOptions): Connection {
  const { origin, sourceAddress, connectTimeoutMs, clock } = options;
  const fromMs = clockMs();
  let connected = false;
  let used = false;
  let closed = false;
  let keepMs = KEEP_MS;
  let handler: AnswerHandler | null = null;
  let first: Buffer | null = null;
  let failure: Error | null = null;

  const reader = responseReader({
    onHead(head) {
      keepMs = head.keepMs === null ? KEEP_MS : Math.max(0, head.keepMs - MARGIN_MS);
      handler?.onHead(head);
    },
    onData: (bytes) => handler?.onData(bytes),
    onEnd(persistent) {
      const its = handler;
      handler = null;
      // An answer may come before the request is read: what is left of that would be taken for the next one.
      if (persistent && !closed && socket.writableLength === 0) {
        connection.freshUntilMs = clock.at() + keepMs;
        options.onFree(connection);
      } else close();
      // Its request alone has gone wrong, not the next one, which the connection may carry by now.
      try {
        its?.onEnd();
      } catch (error) {
        its?.onError(error as Error, true);
      }
    },
  });

  const onread = {
    buffer: INTO,
    callback(bytes: number, into: Uint8Array): boolean {
      clock.read();
      try {
        // Words that nobody asked for.
        if (!handler) close();
        else reader.push((into as Buffer).subarray(0, bytes));
      } catch (error) {
        fail(error as Error);
      }
      return true;
    },
  };
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const port = Number(origin.port) || (origin.protocol === 'https:' ? 443 : 80);
  // A name is looked up for addresses of the source's family only: others cannot be reached from it.
  const from = sourceAddress === null ? {} : { localAddress: sourceAddress, family: isIP(sourceAddress) };
  const to: TcpSocketConnectOpts = { host, port, ...from, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, onread };
  const socket: Socket =
    origin.protocol === 'https:'
      ? connectTls({ ...to, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 && { servername: host }) })
      : connectPlain(to);
  const timer = setTimeout(() => {
    clock.other();
    fail(Object.assign(new Error(`no connection within ${connectTimeoutMs} ms`), { code: 'ETIMEDOUT' }));
  }, connectTimeoutMs);

  socket.once(origin.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    connected = true;
    options.onConnected(clockMs() - fromMs);
    if (handler && first) start(first, handler);
    first = null;
  });
  socket.on('error', (error) => {
    failure ??= error;
  });
  socket.once('end', () => {
    clock.read();
    if (!reader.close()) fail(failure ?? cut());
  });
  socket.once('close', () => {
    clock.other();
    fail(failure ?? cut());
  });

  function start(request: Buffer, its: AnswerHandler): void {
    its.onStart(used ? 'reused' : 'new');
    used = true;
    // Whoever it is may have been given up just now.
    if (handler === its) socket.write(request);
  }

  function cut(): Error {
    return Object.assign(new Error(connected ? 'the server closed the connection' : 'the connection was closed before it was made'), {
      code: 'ECONNRESET',
    });
  }

  function fail(error: Error): void {
    const its = handler;
    handler = null;
    close();
    its?.onError(error, reader.begun);
  }

  function close(): void {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    socket.destroy();
    options.onClosed(connection);
  }

  const connection = {
    freshUntilMs: 0,
    carry(request: Buffer, its: AnswerHandler): void {
      handler = its;
      if (connected) start(request, its);
      else first = request;
    },
    giveUp(its: AnswerHandler): void {
      if (handler === its) connection.destroy();
    },
    destroy(): void {
      handler = null;
      close();
    },
  };
  return connection;
}
