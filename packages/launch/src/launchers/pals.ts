import type { LaunchDraft } from '../types.ts';
import { cpuBindFlags } from './cpu-bind.ts';

/** `mpiexec` of HPE's PALS, as on Aurora and Polaris. Binds each rank to eight CPUs unless told otherwise. */
export function palsLine(draft: LaunchDraft): [string, ...string[]] {
  const { topology, launcher } = draft;
  return [
    launcher.program,
    '--envall',
    '--line-buffer',
    `--np=${topology.ranks}`,
    `--ppn=${topology.ranksPerNode}`,
    ...(draft.hostfile === null ? [] : [`--hostfile=${draft.hostfile}`]),
    ...cpuBindFlags('pals', draft.cpuBind ?? 'depth'),
    ...(draft.label ? ['--label'] : []),
    ...draft.passThrough,
    ...draft.command,
  ];
}
