import { BenchError, type Io } from '@bench/core';
import { askHttp } from '../ask-http.ts';
import { baseUrl } from '../base-url.ts';
import { waitUntil } from '../readiness.ts';
import type { RentedContainer } from './live-container.ts';

/** As for other containers; and it downloads its weights in this time. */
const READY_TIMEOUT_MS = 3 * 3_600_000;
const INTERVAL_MS = 1000;
const ONE_MS = 10_000;

/** Waits until the engine answers, or until it is known that it never will: the machine is gone, its log names a failure, time is up. */
export async function untilHealthy(container: RentedContainer, o: { path: string; io: Io; signal: AbortSignal }): Promise<void> {
  const { path, io, signal } = o;
  await waitUntil(
    {
      name: 'health',
      timeoutMs: READY_TIMEOUT_MS,
      intervalMs: INTERVAL_MS,
      hint: 'its container runs but never answered: look at what it wrote last, and for a stuck download',
      check: async (s) => {
        const lost = container.lost();
        if (lost) throw new BenchError({ code: 'BENCH_ENGINE_EXITED', message: `its machine is gone: ${lost.message}`, cause: lost });
        if (container.log.failure !== null) throw new BenchError({ code: 'BENCH_ENGINE_FAILED', message: 'its log names a failure' });
        return askHealth(container, path, io, s);
      },
    },
    io,
    signal,
  );
}

/** Null: healthy. Otherwise why not. */
export function askHealth(
  { endpoint }: Pick<RentedContainer, 'endpoint'>,
  path: string,
  io: Pick<Io, 'fetch'>,
  signal: AbortSignal,
): Promise<string | null> {
  return askHttp({ base: baseUrl(endpoint), path, apiKey: endpoint.apiKey, timeoutMs: ONE_MS, io, signal });
}
