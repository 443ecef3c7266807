import type { System } from '../types.ts';
import type { FoundMachine } from '../machines/find-machine.ts';

export interface FoundGpus {
  count: number;
  /** A variable's name, `machine NAME`, a program's name, or `nothing`. */
  source: string;
}

/**
 * GPUs on each node, by the first that tells: `BENCH_GPUS_PER_NODE`; in a Slurm job `SLURM_GPUS_ON_NODE`, `SLURM_GPUS_PER_NODE` (`a100:4` is 4),
 * `SLURM_STEP_GPUS`, `SLURM_JOB_GPUS` (ids: `0,1,2,3` or `0-3` is 4); the devices made visible (`CUDA_VISIBLE_DEVICES`, `ROCR_VISIBLE_DEVICES`, `HIP_VISIBLE_DEVICES`,
 * `ZE_AFFINITY_MASK`); the machine's profile; `nvidia-smi -L`; `rocm-smi`. Variables of a job count only inside of one.
 */
export function findGpus(system: System, options: { inSlurmJob: boolean; machine: FoundMachine | null }): FoundGpus {
  const { env } = system;
  const slurm = options.inSlurmJob ? SLURM_VARIABLES : [];
  for (const [name, count] of [...OWN_VARIABLES, ...slurm, ...VISIBLE_VARIABLES]) {
    const value = env[name];
    // An empty list of visible devices means none; an empty count means nothing.
    if (value === undefined || (value.trim() === '' && count !== visible)) continue;
    const found = count(value.trim());
    if (found !== null) return { count: found, source: name };
  }
  const profile = options.machine?.profile;
  if (profile && profile.gpus_per_node > 0) return { count: profile.gpus_per_node, source: `machine ${profile.name}` };
  const nvidia = system.exec(['nvidia-smi', '-L']);
  if (nvidia.code === 0) return { count: nvidia.stdout.split('\n').filter((line) => line.startsWith('GPU ')).length, source: 'nvidia-smi' };
  const rocm = system.exec(['rocm-smi', '--showid']);
  if (rocm.code === 0) return { count: new Set(rocm.stdout.match(/^GPU\[\d+\]/gm)).size, source: 'rocm-smi' };
  return { count: 0, source: 'nothing' };
}

type Count = (value: string) => number | null;

const number: Count = (value) => (/^\d+$/.test(value) ? Number(value) : null);

/** `4`, `a100:4`, `a100:2,v100:2`: a type may stand before each count. */
const perType: Count = (value) => {
  const counts = value.split(',').map((word) => /^(?:[^:,]+:)*(\d+)(?:\(.*\))?$/.exec(word)?.[1]);
  return counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum + Number(count), 0) : null;
};

/** `0,1,2,3`, `0-3`, `0,2-3`: ids, not a count. */
const ids: Count = (value) => {
  let sum = 0;
  for (const word of value.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(word) ?? [];
    if (first === undefined || Number(last) < Number(first)) return null;
    sum += Number(last) - Number(first) + 1;
  }
  return sum;
};

/** Ids or UUIDs between commas. As CUDA reads it, what follows the first `-1` does not count. */
const visible: Count = (value) => {
  if (value === '' || /^(none|void|nodevfiles)$/i.test(value)) return 0;
  if (value === 'all') return null;
  const words = value.split(',').map((word) => word.trim());
  const end = words.indexOf('-1');
  return end === -1 ? words.length : end;
};

const OWN_VARIABLES: [string, Count][] = [['BENCH_GPUS_PER_NODE', number]];
const SLURM_VARIABLES: [string, Count][] = [
  ['SLURM_GPUS_ON_NODE', number],
  ['SLURM_GPUS_PER_NODE', perType],
  ['SLURM_STEP_GPUS', ids],
  ['SLURM_JOB_GPUS', ids],
];
const VISIBLE_VARIABLES: [string, Count][] = [
  'CUDA_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'HIP_VISIBLE_DEVICES',
  'ZE_AFFINITY_MASK',
].map((name) => [name, visible]);
