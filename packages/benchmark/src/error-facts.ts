import { BenchError, messageOf } from '@bench/core';

/** An error as the run directory keeps it. */
export function errorFacts(error: unknown): { code: string; message: string; hint?: string } {
  const hint = BenchError.is(error) ? error.hint : undefined;
  return {
    code: BenchError.is(error) ? error.code : 'BENCH_UNEXPECTED',
    message: messageOf(error),
    ...(hint === undefined ? {} : { hint }),
  };
}
