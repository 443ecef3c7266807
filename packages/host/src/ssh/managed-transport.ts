import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { BenchError, type Io } from '@bench/core';
import { closed, lost, sshError } from './errors.ts';
import type { SessionOutcome, SshLink } from './link.ts';
import { SessionQueue, type SessionLease } from './session-queue.ts';
import type { RemoteChannel, SshTransport } from './transport.ts';

export interface ManagedTransportOptions {
  kind: SshTransport['kind'];
  name: string;
  io: Io;
  /** Makes a connection; the signal fires when the transport is closed meanwhile. */
  connect: (signal: AbortSignal) => Promise<SshLink>;
  /** Sessions at once until the server refuses one. */
  initialLimit: number;
  /** After the last connection has been closed. */
  cleanUp?: () => Promise<void>;
}

/** Tries after a loss: at once, then after about 0.5, 1, 2 and 4 s. */
const RECONNECT_TRIES = 5;
const RECONNECT_FIRST_MS = 500;
/** A server that refuses its very first session is asked this often before that is an error. */
const FIRST_SESSION_TRIES = 5;

/** What both clients have in common: one connection at a time, made when needed, made again after a loss, shared within its session limit. */
export function managedTransport(options: ManagedTransportOptions): SshTransport {
  const { io, name, connect } = options;
  const life = new AbortController();
  setMaxListeners(0, life.signal); // many commands may wait at once
  const queue = new SessionQueue({ monotonic: () => io.monotonic(), initialLimit: options.initialLimit });
  let current: Promise<SshLink> | null = null;
  let live: SshLink | null = null;
  let hadOne = false;
  let closing: Promise<void> | null = null;

  const link = async (signal: AbortSignal | undefined): Promise<SshLink> => {
    if (closing) throw closed(name);
    if (live && !live.alive) {
      const dead = live;
      live = null;
      current = null;
      void dead.close().catch(() => undefined);
    }
    if (!current) {
      const attempt = establish();
      current = attempt;
      attempt.then(
        (made) => {
          live = made;
          hadOne = true;
        },
        () => {
          if (current === attempt) current = null;
        },
      );
    }
    return withSignal(current, signal);
  };

  const establish = async (): Promise<SshLink> => {
    const tries = hadOne ? RECONNECT_TRIES : 1;
    for (let n = 1; ; n += 1) {
      try {
        return await connect(life.signal);
      } catch (error) {
        if (life.signal.aborted) throw closed(name);
        if (n >= tries || !BenchError.is(error) || !error.retryable) throw error;
        const wait = RECONNECT_FIRST_MS * 2 ** (n - 1) * (0.75 + io.random() / 2);
        io.logger.log('info', `${name}: connection lost; trying again`, { try: n, waitMs: Math.round(wait), reason: error.message });
        await io.sleep(wait, life.signal).catch(() => undefined);
        if (life.signal.aborted) throw closed(name);
      }
    }
  };

  const attemptSession = async (line: string, signal: AbortSignal | undefined): Promise<RemoteChannel> => {
    let refusals = 0;
    for (let again = false; ; again = true) {
      // Before a place is taken: a connection that cannot be made must not hold one.
      const connection = await link(signal);
      const lease = await queue.acquire({ again, signal });
      if (!connection.alive) {
        lease.release();
        continue;
      }
      const outcome = await started(connection.session(line), lease, signal);
      if (outcome.kind === 'open') return outcome.channel;
      if (outcome.kind === 'refused' && queue.open === 0) {
        refusals += 1;
        if (refusals >= FIRST_SESSION_TRIES) throw noSession(name, outcome.cause);
        await io.sleep(50 * refusals, life.signal).catch(() => undefined);
      }
    }
  };

  return {
    kind: options.kind,
    name,
    open: (line, { signal } = {}) => attemptSession(line, signal),
    async forward(to, { signal } = {}) {
      for (let n = 0; n < 3; n += 1) {
        const opening = (await link(signal)).forward(to);
        const stream: Duplex | null = await withSignal(opening, signal, (late) => late?.destroy());
        if (stream) return stream;
      }
      throw lost(name);
    },
    close() {
      closing ??= (async () => {
        life.abort(closed(name));
        queue.rejectAll(closed(name));
        const last = await current?.catch(() => null);
        await last?.close();
        await options.cleanUp?.();
      })();
      return closing;
    },
  };
}

/** Ties a lease to the session that it was taken for, also when nobody waits for the session any more. */
async function started(session: Promise<SessionOutcome>, lease: SessionLease, signal: AbortSignal | undefined): Promise<SessionOutcome> {
  const settled = session.then(
    (outcome) => {
      if (outcome.kind === 'open') {
        lease.confirmed();
        void outcome.over.then(() => lease.release());
      } else if (outcome.kind === 'refused') lease.refused();
      else lease.release();
      return outcome;
    },
    (error: unknown) => {
      lease.release();
      throw error;
    },
  );
  return withSignal(settled, signal, (late) => {
    if (late.kind === 'open') late.channel.close();
  });
}

/** The promise, or the signal's reason if it fires first; what then still comes is given to `discard`. */
async function withSignal<T>(promise: Promise<T>, signal: AbortSignal | undefined, discard: (late: T) => void = () => {}): Promise<T> {
  if (!signal) return promise;
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } catch (error) {
    if (signal.aborted) promise.then(discard, () => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const noSession = (name: string, cause: unknown) =>
  sshError('SESSION', {
    message: `${name}: connected, but the server runs no commands`,
    hint: 'is the account allowed to run commands there (MaxSessions, ForceCommand, a restricted shell)?',
    cause,
  });
