import { BenchError, type Io, messageOf } from '@bench/core';

export interface ErrorFacts {
  code: string;
  message: string;
  hint?: string;
}

/** An error as the run directory keeps it: texts may come from engines and servers, so secrets are masked. */
export function errorFacts(error: unknown, io: Pick<Io, 'redact'>): ErrorFacts {
  const hint = BenchError.is(error) ? error.hint : undefined;
  return {
    code: BenchError.is(error) ? error.code : 'BENCH_UNEXPECTED',
    message: io.redact(messageOf(error)),
    ...(hint === undefined ? {} : { hint: io.redact(hint) }),
  };
}

/** A message that goes on on further lines, where there is room for one: its list is told after the colon. */
export function oneLine(text: string): string {
  return text.replace(/:\s*\n\s*/g, ': ').replace(/\s*\n\s*/g, '; ');
}
