import { compressNodeList } from '../nodes/compress-node-list.ts';
import type { LaunchDraft } from '../types.ts';
import { cpuBindFlags } from './cpu-bind.ts';

/** Whether ranks have to share CPUs: a job that asks for GPUs alone gets one CPU on each node, and srun refuses a second rank there. */
export function sharesCpus({ topology, allocation }: Pick<LaunchDraft, 'topology' | 'allocation'>): boolean {
  const { cpusPerNode, cpusPerRank } = allocation;
  return cpusPerNode !== null && topology.ranksPerNode * (cpusPerRank ?? 1) > cpusPerNode;
}

/**
 * `srun` of Slurm. Ranks are laid out in blocks, whatever the site's default is, so that a node's ranks follow each other; the environment is passed on even when the job was
 * submitted with `--export=NONE`; one failed rank ends all. A step has all GPUs of its job by itself; they are asked for only where
 * a machine gives whole nodes to jobs that asked for no GPU, as its profile says. CPUs per rank are, since srun of 22.05 and later no longer takes them from the job.
 *
 * Nodes that were chosen are really used: `--nodelist`, or, where the order of a hostfile must be kept, `SLURM_HOSTFILE` (in the plan's environment) with
 * `--distribution=arbitrary`.
 */
export function srunLine(draft: LaunchDraft): [string, ...string[]] {
  const { topology, allocation, launcher } = draft;
  const gpus = allocation.source.gpusPerNode?.startsWith('machine ') && allocation.gpusPerNode > 0;
  return [
    launcher.program,
    '--unbuffered',
    '--export=ALL',
    '--kill-on-bad-exit=1',
    // Without its variable srun would ask for a job of its own.
    ...(allocation.jobId === null || allocation.source.jobId?.startsWith('SLURM_') ? [] : [`--jobid=${allocation.jobId}`]),
    // It would wait for the end of the step that it is in.
    ...(allocation.insideStep ? ['--overlap'] : []),
    `--nodes=${topology.nodes}`,
    `--ntasks=${topology.ranks}`,
    ...(draft.hostfile === null
      ? [
          `--ntasks-per-node=${topology.ranksPerNode}`,
          '--distribution=block',
          ...(draft.chosen ? [`--nodelist=${compressNodeList(draft.nodes)}`] : []),
        ]
      : ['--distribution=arbitrary']),
    ...(gpus ? [`--gpus-per-node=${allocation.gpusPerNode}`] : []),
    ...(allocation.cpusPerRank === null ? [] : [`--cpus-per-task=${allocation.cpusPerRank}`]),
    ...(sharesCpus(draft) ? ['--overcommit'] : []),
    ...cpuBindFlags('srun', draft.cpuBind),
    ...(draft.label ? ['--label'] : []),
    ...draft.passThrough,
    ...draft.command,
  ];
}
