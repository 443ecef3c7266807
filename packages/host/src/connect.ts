import { BenchError, type Host } from '@bench/core';
import { localHost } from './local-host.ts';

/** Opens the host that a target names. */
export function connect(target: string): Promise<Host> {
  if (target === 'local') return Promise.resolve(localHost());
  return Promise.reject(
    new BenchError({
      code: 'BENCH_HOST_UNSUPPORTED',
      message: `cannot open host "${target}"`,
      hint: 'only "local" can be opened by this version',
      exitCode: 2,
    }),
  );
}
