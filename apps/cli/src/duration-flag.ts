import { BenchError, parseDuration } from '@bench/core';
import { usage } from './asked.ts';

/** Milliseconds of a flag's value: `90s`, `1h30m`, `01:30:00`. @throws BenchError `BENCH_USAGE` that names the flag */
export function durationFlag(flag: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!BenchError.is(error)) throw error;
    throw usage(`${flag}: ${error.message}`, error.hint);
  }
}
