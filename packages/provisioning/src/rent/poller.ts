import type { Io } from '@bench/core';
import type { Machine, MachineRef } from '../contract/machine.ts';
import type { Provider } from '../contract/provider.ts';

/** `unseen`: it could not be looked at now; the error when there was one. */
export type Look = { kind: 'seen'; machine: Machine } | { kind: 'gone' } | { kind: 'unseen'; error: unknown };

/** Looks that are due this soon go along with one that is due now. */
const TOGETHER = 0.5;
const JITTER = 0.2;

interface Request {
  ref: MachineRef;
  dueMs: number;
  slackMs: number;
  resolve: (look: Look) => void;
}

/** Looks at all machines of one provider that somebody waits for, with one call for those that are due together. */
export interface Poller {
  /** A look that is taken after about `afterMs`. Never rejects, except with the signal's reason. */
  look(ref: MachineRef, afterMs: number, signal?: AbortSignal): Promise<Look>;
}

const pollers = new WeakMap<Provider, Poller>();

/** The one poller of an open provider. */
export function pollerOf(provider: Provider, io: Io): Poller {
  const poller = pollers.get(provider) ?? newPoller(provider, io);
  pollers.set(provider, poller);
  return poller;
}

function newPoller(provider: Provider, io: Io): Poller {
  let waiting: Request[] = [];
  let running = false;
  let wake = new AbortController();

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const waitMs = Math.min(...waiting.map(({ dueMs }) => dueMs)) - io.monotonic();
      if (waitMs > 0) {
        wake = new AbortController();
        await io.sleep(waitMs, wake.signal).catch(() => undefined);
        continue;
      }
      const now = io.monotonic();
      const batch = new Set(waiting.filter(({ dueMs, slackMs }) => dueMs <= now + slackMs));
      waiting = waiting.filter((request) => !batch.has(request));
      await lookAt([...batch]);
    }
    // In one step with the check: who asks after it starts anew.
    running = false;
  };

  const lookAt = async (batch: readonly Request[]): Promise<void> => {
    const refs = [...new Map(batch.map(({ ref }) => [ref.id, ref])).values()];
    let look: (id: string) => Look;
    try {
      const seen = await provider.observe(refs);
      look = (id) => {
        const machine = seen.get(id);
        return machine === undefined ? { kind: 'unseen', error: null } : machine === null ? { kind: 'gone' } : { kind: 'seen', machine };
      };
    } catch (error) {
      look = () => ({ kind: 'unseen', error });
    }
    for (const { ref, resolve } of batch) resolve(look(ref.id));
  };

  return {
    look: (ref, afterMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const jittered = afterMs * (1 + (io.random() * 2 - 1) * JITTER);
        const request: Request = { ref, dueMs: io.monotonic() + jittered, slackMs: jittered * TOGETHER, resolve: done };
        const onAbort = () => {
          waiting = waiting.filter((other) => other !== request);
          if (waiting.length === 0) wake.abort();
          reject(signal?.reason as Error);
        };
        function done(look: Look): void {
          signal?.removeEventListener('abort', onAbort);
          resolve(look);
        }
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.push(request);
        wake.abort();
        if (running) return;
        running = true;
        void run();
      }),
  };
}
