import { BenchError, type Host, type Io } from '@bench/core';

/** How long a host may be away before a load on it is given up. */
const AWAY_MS = 10 * 60_000;
/** The same once the user wants everything to stop. */
const AWAY_STOPPING_MS = 30_000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

/** What may pass when a host that was there cannot be reached. */
const PASSING: ReadonlySet<string> = new Set([
  'BENCH_SSH_LOST',
  'BENCH_SSH_REFUSED',
  'BENCH_SSH_TIMEOUT',
  'BENCH_SSH_NAME',
  'BENCH_SSH_JUMP',
]);

/**
 * Does something on a host, again and again while the connection is lost: a process there goes on meanwhile, so all that is lost is time.
 * The action must bear being done twice.
 * @throws BenchError `BENCH_LOAD_HOST_AWAY` after ten minutes (half a minute once `signal` is aborted); whatever else the action throws.
 */
export async function patiently<T>(
  action: () => Promise<T>,
  context: { io: Io; host: Host; signal: AbortSignal; on(text: string): void; what: string },
): Promise<T> {
  const { io, host, signal, on } = context;
  let awayAt: number | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const result = await action();
      if (awayAt !== null) on(`${host.name} is back`);
      return result;
    } catch (error) {
      if (!BenchError.is(error) || !PASSING.has(error.code)) throw error;
      if (awayAt === null) {
        awayAt = io.monotonic();
        on(`${error.message}; ${context.what} goes on there, waiting for the connection`);
      }
      const awayMs = io.monotonic() - awayAt;
      if (awayMs > (signal.aborted ? AWAY_STOPPING_MS : AWAY_MS)) throw given(context.what, host, awayMs, error);
    }
    // An abort ends the waiting at once, and from then on only shortens it.
    await io.sleep(pauseMs, signal.aborted ? undefined : signal).catch(() => undefined);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

function given(what: string, host: Host, awayMs: number, cause: BenchError): BenchError {
  return new BenchError({
    code: 'BENCH_LOAD_HOST_AWAY',
    message: `${host.name} could not be reached for ${Math.round(awayMs / 60_000) || 1} min while ${what} ran there: ${cause.message}`,
    hint: 'it goes on there: resume the run when the host can be reached again, or tear it down',
    retryable: true,
    exitCode: 3,
    cause,
  });
}
