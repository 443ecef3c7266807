import type { LaunchDraft } from '../types.ts';
import { cpuBindFlags } from './cpu-bind.ts';

/** `mpiexec` of MPICH and what comes from it (`mpiexec.hydra`; Intel MPI, MVAPICH). */
export function hydraLine(draft: LaunchDraft): [string, ...string[]] {
  const { topology, launcher } = draft;
  return [
    launcher.program,
    '-genvall',
    '-n',
    String(topology.ranks),
    '-ppn',
    String(topology.ranksPerNode),
    ...(draft.hostfile === null ? [] : ['-f', draft.hostfile]),
    ...cpuBindFlags(launcher.flavour, draft.cpuBind),
    ...(draft.label ? ['-prepend-rank'] : []),
    ...draft.passThrough,
    ...draft.command,
  ];
}
