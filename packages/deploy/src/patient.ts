import { BenchError, type Io } from '@bench/core';

/** How long a host may be out of reach before what runs there is given up as lost to us (it goes on there). */
const OUT_OF_REACH_MS = 600_000;

/**
 * Asks a host something that may be asked again, and goes on asking while the connection is lost.
 * @throws what the question threw last, after ten minutes of failures that call themselves retryable, or at once for any other.
 */
export async function patiently<T>(io: Pick<Io, 'monotonic' | 'sleep'>, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const deadline = io.monotonic() + OUT_OF_REACH_MS;
  for (let pause = 500; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!BenchError.is(error) || !error.retryable || io.monotonic() >= deadline) throw error;
      await io.sleep(pause, signal);
    }
  }
}
