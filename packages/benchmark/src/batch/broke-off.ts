import { BenchError, EXIT, messageOf } from '@bench/core';
import type { BatchContext } from './batch-context.ts';

/**
 * The error of a run that could not go on, once its jobs were ended: what it broke off by, what became of its jobs, and what is left of it.
 * Exit code 6 when something is, else that of the error.
 */
export function brokeOff(error: unknown, o: { cancelled: readonly string[]; leftBehind: readonly string[]; run: string }): unknown {
  const { cancelled, leftBehind, run } = o;
  if (cancelled.length === 0 && leftBehind.length === 0) return error;
  const known = BenchError.is(error) ? error : null;
  const which = cancelled.length === 1 ? `its job ${cancelled[0]} was` : `its jobs ${cancelled.join(', ')} were`;
  const hints = [known?.hint, leftBehind.length === 0 ? undefined : `bench teardown ${run} ends what is left of it`];
  return new BenchError({
    code: known?.code ?? 'BENCH_RUN_BROKE_OFF',
    message: [
      messageOf(error),
      ...(cancelled.length === 0 ? [] : [`  the run broke off, and ${which} cancelled`]),
      ...leftBehind.map((left) => `  left behind: ${left}`),
    ].join('\n'),
    hint: hints.filter((hint) => hint !== undefined).join('\n') || undefined,
    exitCode: leftBehind.length > 0 ? EXIT.cleanupIncomplete : known?.exitCode,
    cause: error,
  });
}

/** The error of a run that cannot be left to the queue, because nobody else could go on with it. */
export function notLeft(cause: unknown, { host, runFolder }: Pick<BatchContext, 'host' | 'runFolder'>): BenchError {
  const known = BenchError.is(cause) ? cause : null;
  return new BenchError({
    code: known?.code ?? 'BENCH_BATCH_LEAVE',
    message: `the run cannot be left to the queue: what goes on with it could not be put into ${runFolder} on ${host.name}: ${messageOf(cause)}`,
    hint: known?.hint,
    exitCode: known?.exitCode,
    cause,
  });
}
