import { EXIT, type Io } from '@bench/core';

const FIRST_S = 5;
const MOST_S = 60;

/** How long to wait before try `n` (1: the first again): 5, 10, 20, 40, then 60 seconds. */
export function retryDelayMs(n: number): number {
  return Math.min(FIRST_S * 2 ** (n - 1), MOST_S) * 1000;
}

export interface RetryOptions {
  /** How often a failed launch is tried again. */
  retries: number;
  io: Pick<Io, 'sleep'>;
  signal: AbortSignal;
  /** Told before each wait. */
  onRetry?: (retry: { n: number; of: number; code: number; delayMs: number }) => void;
}

/**
 * Runs it again while it fails, with longer and longer waits between. What the user stopped (130) is not tried again.
 * @param attempt is told which one it is, from 1.
 * @returns the outcome of the last one, or of the one after which the wait was broken off.
 */
export async function withRetries<T extends { code: number }>(attempt: (n: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries, io, signal, onRetry } = options;
  for (let n = 1; ; n += 1) {
    const outcome = await attempt(n);
    if (outcome.code === EXIT.ok || outcome.code === EXIT.interrupted || n > retries || signal.aborted) return outcome;
    const delayMs = retryDelayMs(n);
    onRetry?.({ n, of: retries, code: outcome.code, delayMs });
    await io.sleep(delayMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted) return { ...outcome, code: EXIT.interrupted };
  }
}
