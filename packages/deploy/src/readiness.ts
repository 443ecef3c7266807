import { BenchError, type Io } from '@bench/core';
import { askHttp } from './ask-http.ts';

/** Something to wait for, with its own limit and its own reason for not being there yet. */
export interface Readiness {
  /** What is waited for: `health`. */
  name: string;
  timeoutMs: number;
  /** Milliseconds between looks. Default 100. */
  intervalMs?: number;
  /** What to do when time is up. */
  hint?: string;
  /** Null: ready. Otherwise why not yet. */
  check(signal: AbortSignal): Promise<string | null>;
}

/**
 * Waits until ready.
 * @throws BenchError `BENCH_NOT_READY` with the last reason after the time-out; the signal's reason when aborted.
 */
export async function waitUntil(readiness: Readiness, io: Pick<Io, 'monotonic' | 'sleep'>, signal: AbortSignal): Promise<void> {
  const deadline = io.monotonic() + readiness.timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const reason = await readiness.check(signal);
    if (reason === null) return;
    if (io.monotonic() >= deadline) {
      throw new BenchError({
        code: 'BENCH_NOT_READY',
        message: `${readiness.name}: not ready after ${Math.round(readiness.timeoutMs / 1000)} s: ${reason}`,
        hint: readiness.hint,
      });
    }
    await io.sleep(readiness.intervalMs ?? 100, signal);
  }
}

/** Ready when a GET of the URL answers 2xx. */
export function httpReadiness(url: string, options: { timeoutMs: number; io: Pick<Io, 'fetch'>; name?: string }): Readiness {
  return {
    name: options.name ?? 'health',
    timeoutMs: options.timeoutMs,
    check: (signal) => askHttp({ path: url, timeoutMs: 5000, io: options.io, signal }),
  };
}
