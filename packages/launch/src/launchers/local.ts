import { BenchError } from '@bench/core';
import type { LaunchDraft } from '../types.ts';
import { cpuBindFlags } from './cpu-bind.ts';

/**
 * This package's own starter (`programs/local-ranks.mjs`), for one machine without any MPI.
 * @throws BenchError `BENCH_LAUNCHER_FLAGS` for flags that it does not have.
 */
export function localLine(draft: LaunchDraft): [string, ...string[]] {
  const { topology, launcher, passThrough } = draft;
  const [flag] = passThrough;
  if (flag !== undefined) {
    throw new BenchError({
      code: 'BENCH_LAUNCHER_FLAGS',
      message: `ranks on this machine are started without MPI, by nothing that would know "${flag}"`,
      hint: 'install Open MPI or MPICH, or leave the flags for the launcher out',
      exitCode: 2,
    });
  }
  return [
    launcher.program,
    draft.starter,
    ...cpuBindFlags('local', draft.cpuBind),
    ...(draft.label ? ['--label'] : []),
    String(topology.ranks),
    ...draft.command,
  ];
}
