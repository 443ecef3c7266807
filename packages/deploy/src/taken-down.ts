import { BenchError, EXIT, type Io, messageOf } from '@bench/core';

/**
 * Takes down what did not come up. The reason stays the reason; when not everything could be taken down, that wins.
 * @returns what to throw: `reason`, or `BENCH_CLEANUP_INCOMPLETE` with both.
 */
export async function takenDown(options: {
  /** Why it did not come up. */
  reason: unknown;
  takeDown(): Promise<void>;
  io: Pick<Io, 'redact'>;
  details: Readonly<Record<string, unknown>>;
}): Promise<unknown> {
  const { reason, takeDown, io, details } = options;
  try {
    await takeDown();
    return reason;
  } catch (cleanup) {
    return new BenchError({
      code: 'BENCH_CLEANUP_INCOMPLETE',
      message: io.redact(`${messageOf(cleanup)}\nbefore that: ${messageOf(reason)}`),
      hint: BenchError.is(cleanup) ? cleanup.hint : undefined,
      exitCode: EXIT.cleanupIncomplete,
      cause: reason,
      details,
    });
  }
}
