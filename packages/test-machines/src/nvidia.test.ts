import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gpuUuid, nvidiaFiles, parseGrant } from './nvidia.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-machines-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [table, program] = nvidiaFiles([
  { name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81_559 },
  { name: 'NVIDIA L4', memoryMiB: 23_034 },
]);
writeFileSync(join(folder, 'gpus'), table?.content ?? '');
writeFileSync(join(folder, 'nvidia-smi'), program?.content.replace('/opt/nvidia/gpus', join(folder, 'gpus')) ?? '', { mode: 0o755 });
const smi = (...args: string[]) => spawnSync(join(folder, 'nvidia-smi'), args, { encoding: 'utf8' });

describe('the stand-in for nvidia-smi', () => {
  it('answers a query in columns', () => {
    expect(smi('--query-gpu=name,memory.total,driver_version,uuid', '--format=csv,noheader,nounits').stdout).toBe(
      `NVIDIA H100 80GB HBM3, 81559, 570.86.15, ${gpuUuid(0)}\nNVIDIA L4, 23034, 570.86.15, ${gpuUuid(1)}\n`,
    );
    expect(smi('--query-gpu=index, memory.total', '--format=csv', '-i', '1').stdout).toBe('index, memory.total\n1, 23034 MiB\n');
  });

  it('lists, and says the CUDA version in its table', () => {
    expect(smi('-L').stdout).toBe(`GPU 0: NVIDIA H100 80GB HBM3 (UUID: ${gpuUuid(0)})\nGPU 1: NVIDIA L4 (UUID: ${gpuUuid(1)})\n`);
    expect(smi().stdout).toMatch(/Driver Version: 570\.86\.15 +CUDA Version: 12\.8 /);
  });

  it('refuses what it does not know', () => {
    expect(smi('--frobnicate')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('parseGrant', () => {
  it('reads the devices out of an OCI configuration', () => {
    const config = JSON.stringify({ hostname: 'h', process: { env: ['PATH=/bin', 'NVIDIA_VISIBLE_DEVICES=0,1'] } });
    expect(parseGrant('abc', config)).toEqual({ containerId: 'abc', hostname: 'h', devices: '0,1' });
    expect(parseGrant('abc', '{}').devices).toBeUndefined();
  });
});
