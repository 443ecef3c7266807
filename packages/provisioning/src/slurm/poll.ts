import type { Io } from '@bench/core';

/** One look that many share. */
export interface Poll<T> {
  /**
   * What the last look saw, or the next one sees.
   * @param o.since the look must have begun later than this (`io.monotonic`): earlier ones do not know what was done since
   */
  look(o: { since: number; signal?: AbortSignal | undefined }): Promise<T>;
}

interface Look<T> {
  startedMs: number;
  result: Promise<T>;
  /** It saw nothing: whoever asks now waits for the next one. */
  failed: boolean;
}

/**
 * Never looks more often than every `intervalMs`, however many ask: within it, all get what the last look saw, and who needs a later one waits for it
 * together with all others. A look that failed counts as a look, and is not handed on.
 */
export function sharedPoll<T>({
  io,
  intervalMs,
  look,
}: {
  io: Pick<Io, 'monotonic' | 'sleep'>;
  intervalMs: number;
  look: () => Promise<T>;
}): Poll<T> {
  let last: Look<T> | null = null;
  let next: Promise<Look<T>> | null = null;
  const begin = async (): Promise<Look<T>> => {
    for (let ms = waitMs(); ms > 0; ms = waitMs()) await io.sleep(ms);
    const startedMs = io.monotonic();
    const one: Look<T> = { startedMs, result: look(), failed: false };
    one.result.catch(() => (one.failed = true));
    last = one;
    return one;
  };
  const waitMs = (): number => (last === null ? 0 : last.startedMs + intervalMs - io.monotonic());
  const ahead = (): Promise<Look<T>> => {
    next ??= begin().finally(() => (next = null));
    return next;
  };
  return {
    look: async ({ since, signal }) => {
      signal?.throwIfAborted();
      const now = io.monotonic();
      const fresh = last !== null && !last.failed && last.startedMs > since && now - last.startedMs < intervalMs;
      const result = fresh && last !== null ? last.result : ahead().then((one) => one.result);
      return orAborted(result, signal);
    },
  };
}

/** The others may still want what one does not wait for any more. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
