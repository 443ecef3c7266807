import { BenchError } from '@bench/core';

/**
 * One word of POSIX `sh`, whatever is in it: single quotes keep every byte as it is, so only they need care. The one place where
 * data becomes shell text.
 * @throws BenchError `BENCH_UNSAFE_VALUE` for a NUL, which no argument and no variable can hold.
 */
export function quote(word: string): string {
  if (word.includes('\0'))
    throw new BenchError({ code: 'BENCH_UNSAFE_VALUE', message: 'a NUL byte cannot be part of a command', exitCode: 2 });
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
