import { BenchError, type LoadSpec } from '@bench/core';

/** @throws BenchError `BENCH_LOAD` when the API of a load has no place for what it is to send. */
export function checkData({ api, data }: LoadSpec): void {
  if (api === 'rerank' && data.kind === 'random' && data.text === 'sonnet')
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'lines of verse are no documents',
      hint: 'leave "text" out, or choose another API than rerank',
    });
}
