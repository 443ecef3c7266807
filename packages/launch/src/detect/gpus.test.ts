import { describe, expect, it } from 'vitest';
import { detectAllocation } from '../index.ts';
import { paperSystem } from '../testing/paper-system.ts';

const slurm = { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n1' };
const nvidia = {
  'nvidia-smi -L': 'GPU 0: NVIDIA H100 (UUID: GPU-1)\n  MIG 1g.10gb Device 0: (UUID: MIG-1)\nGPU 1: NVIDIA H100 (UUID: GPU-2)\n',
};

describe('GPUs per node', () => {
  it.each<[string, Parameters<typeof paperSystem>[0], number, string]>([
    ['said by the user', { env: { ...slurm, BENCH_GPUS_PER_NODE: '6', SLURM_GPUS_ON_NODE: '4' } }, 6, 'BENCH_GPUS_PER_NODE'],
    ['on the node', { env: { ...slurm, SLURM_GPUS_ON_NODE: '4' } }, 4, 'SLURM_GPUS_ON_NODE'],
    // Once read as 100.
    ['with a type', { env: { ...slurm, SLURM_GPUS_PER_NODE: 'a100:4' } }, 4, 'SLURM_GPUS_PER_NODE'],
    ['without a type', { env: { ...slurm, SLURM_GPUS_PER_NODE: '4' } }, 4, 'SLURM_GPUS_PER_NODE'],
    ['two types', { env: { ...slurm, SLURM_GPUS_PER_NODE: 'a100:2,v100:1' } }, 3, 'SLURM_GPUS_PER_NODE'],
    // Once read as 0.
    ['ids of the job', { env: { ...slurm, SLURM_JOB_GPUS: '0,1,2,3' } }, 4, 'SLURM_JOB_GPUS'],
    ['a range of ids', { env: { ...slurm, SLURM_JOB_GPUS: '0-2,5' } }, 4, 'SLURM_JOB_GPUS'],
    ['ids of the step', { env: { ...slurm, SLURM_STEP_GPUS: '3', SLURM_JOB_GPUS: '0-3' } }, 1, 'SLURM_STEP_GPUS'],
    ['nonsense falls through', { env: { ...slurm, SLURM_GPUS_PER_NODE: 'many', CUDA_VISIBLE_DEVICES: '0,1' } }, 2, 'CUDA_VISIBLE_DEVICES'],
    ['variables of a job that one is not in', { env: { SLURM_GPUS_ON_NODE: '4' } }, 0, 'nothing'],
    ['visible devices', { env: { CUDA_VISIBLE_DEVICES: 'GPU-1,GPU-2' }, programs: nvidia }, 2, 'CUDA_VISIBLE_DEVICES'],
    ['visible devices before a -1', { env: { CUDA_VISIBLE_DEVICES: '0,-1,1' } }, 1, 'CUDA_VISIBLE_DEVICES'],
    ['no visible devices', { env: { CUDA_VISIBLE_DEVICES: '' }, programs: nvidia }, 0, 'CUDA_VISIBLE_DEVICES'],
    ['visible devices of AMD', { env: { ROCR_VISIBLE_DEVICES: '0,1,2' } }, 3, 'ROCR_VISIBLE_DEVICES'],
    ['visible tiles of Intel', { env: { ZE_AFFINITY_MASK: '0.0,0.1' } }, 2, 'ZE_AFFINITY_MASK'],
    ['the machine', { env: { BENCH_MACHINE: 'aurora' }, programs: nvidia }, 12, 'machine aurora'],
    ['nvidia-smi', { programs: nvidia }, 2, 'nvidia-smi'],
    [
      'rocm-smi',
      { programs: { 'rocm-smi --showid': 'GPU[0]\t: Device Name: x\nGPU[0]\t: Device ID: y\nGPU[1]\t: Device Name: x\n' } },
      2,
      'rocm-smi',
    ],
    ['a driver that fails', { programs: { 'nvidia-smi -L': { code: 9, stdout: 'NVIDIA-SMI has failed' } } }, 0, 'nothing'],
    ['nothing', {}, 0, 'nothing'],
  ])('%s', (_name, parts, count, source) => {
    const found = detectAllocation(paperSystem(parts));
    expect([found.gpusPerNode, found.source.gpusPerNode]).toEqual([count, source]);
  });
});
