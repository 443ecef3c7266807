import type { LaunchDraft } from '../types.ts';
import { cpuBindFlags } from './cpu-bind.ts';

/**
 * `mpirun` of Open MPI. Variables reach other nodes by name (`-x NAME`), so that no value is seen in arguments. The spellings are the ones that 4 and 5 share
 * (`-n=4` is refused by it).
 */
export function openmpiLine(draft: LaunchDraft): [string, ...string[]] {
  const { topology, launcher } = draft;
  return [
    launcher.program,
    // It refuses root otherwise; whoever is root has asked for it already.
    ...(draft.root ? ['--allow-run-as-root'] : []),
    '-np',
    String(topology.ranks),
    ...(draft.hostfile === null ? [] : ['--hostfile', draft.hostfile]),
    '--map-by',
    `ppr:${topology.ranksPerNode}:node`,
    ...draft.exports.flatMap((name) => ['-x', name]),
    ...cpuBindFlags('openmpi', draft.cpuBind),
    ...(draft.label ? (isFive(launcher.version) ? ['--output', 'tag'] : ['--tag-output']) : []),
    ...draft.passThrough,
    ...draft.command,
  ];
}

const isFive = (version: string | null) => Number(version?.split('.')[0] ?? 0) >= 5;
