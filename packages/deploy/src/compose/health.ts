import { BenchError, type Io } from '@bench/core';
import { askHttp } from '../ask-http.ts';
import { baseUrl } from '../base-url.ts';
import { waitUntil } from '../readiness.ts';
import type { Connection } from './live-deployment.ts';
import type { Observers, Session } from './session.ts';

/** The largest models from slow disks take the better part of an hour, and more with kernels to compile; one that ended is seen at once. */
const READY_TIMEOUT_MS = 3 * 3_600_000;
const HINT = 'its container runs but never answered: look at what it wrote last with `bench logs`, and for a stuck download or disk';
const INTERVAL_MS = 250;
const ONE_MS = 5000;

/** Waits until every engine is healthy, or until it is known that one never will be: its container ended, its log names a failure, time is up. */
export async function untilHealthy(options: {
  session: Session;
  observers: Observers;
  connection: Connection;
  io: Io;
  signal: AbortSignal;
}): Promise<void> {
  const { session, observers, connection, io, signal } = options;
  for (const { service, healthPath } of session.record.engines) {
    await waitUntil(
      {
        name: session.record.engines.length === 1 ? 'health' : `health of ${service}`,
        timeoutMs: READY_TIMEOUT_MS,
        intervalMs: INTERVAL_MS,
        hint: HINT,
        check: async (s) => {
          const { ended } = observers.watch;
          if (ended)
            throw new BenchError({ code: codeOf(ended.state?.oomKilled === true), message: `${ended.reason} before it was ready` });
          if (observers.logs.some(({ failure }) => failure !== null)) {
            throw new BenchError({ code: 'BENCH_ENGINE_FAILED', message: 'its log names a failure' });
          }
          return askHealth(connection, healthPath, io, s);
        },
      },
      io,
      signal,
    );
  }
}

const codeOf = (oom: boolean) => (oom ? 'BENCH_OUT_OF_MEMORY' : 'BENCH_ENGINE_EXITED');

/** Null: healthy. Otherwise why not. */
export function askHealth(connection: Connection, path: string, io: Pick<Io, 'fetch'>, signal: AbortSignal): Promise<string | null> {
  const { near, endpoint } = connection;
  return askHttp({ base: baseUrl(near), path, apiKey: endpoint.apiKey, timeoutMs: ONE_MS, io, signal });
}
