import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localHost, parseSystemInfo } from './index.ts';
import { SCRIPT, systemInfo } from './system-info.ts';

const VRAM = 206_141_652_992;

describe('AMD GPUs', () => {
  it('are named by their PCI ids', () => {
    const info = parseSystemInfo(`amd_gpu\t0x74a1,${VRAM},7a1b2c3d,\namd_gpu\t0x74B5,,,\namd_driver\t6.10.5\n`);
    expect(info).toEqual({
      gpus: [
        { name: 'AMD Instinct MI300X', memoryMiB: 196_592, driver: '6.10.5', uuid: '7a1b2c3d' },
        { name: 'AMD Instinct MI300X', driver: '6.10.5' },
      ],
      driverVersion: '6.10.5',
    });
  });

  it.each([
    ['the graphics of a processor', '0x164e,536870912,,', undefined],
    ['a card that nobody knows and nobody drives', '0x744c,,,', undefined],
    ['a card that is not in the catalogue', '0x744c,25753026560,,', [{ name: 'AMD GPU 0x744c', memoryMiB: 24_560 }]],
    ['a card that says what it is', '0x744c,25753026560,,Radeon RX 7900 XTX', [{ name: 'Radeon RX 7900 XTX', memoryMiB: 24_560 }]],
    ['an id that another vendor has too', '0x2335,,,', undefined],
  ])('%s', (_name, row, gpus) => {
    expect(parseSystemInfo(`amd_gpu\t${row}\n`).gpus).toEqual(gpus);
  });

  it('stand after those of NVIDIA, whose driver is the machine’s', () => {
    const info = parseSystemInfo(`amd_gpu\t0x75a0,,,\namd_driver\t6.1\nnvidia_gpu\tNVIDIA H200, 143771, 570.86.15, GPU-1\n`);
    expect(info.gpus?.map((gpu) => gpu.name)).toEqual(['NVIDIA H200', 'AMD Instinct MI350X']);
    expect(info.driverVersion).toBe('570.86.15');
  });
});

describe('rocm-smi', () => {
  const smi = (...lines: string[]) => lines.map((line) => `rocm_smi\t${line}\n`).join('');

  it('tells what sysfs does not, card by card', () => {
    const text = `amd_gpu\t0x74a1,,,,0000:c1:00.0\namd_gpu\t0x744c,,,,0000:03:00.0\n${smi(
      'device,PCI Bus,Card Series,Card Model,VRAM Total Memory (B),VRAM Total Used Memory (B)',
      'card0,0000:03:00.0,Radeon RX 7900 XTX,0x744c,25753026560,1',
      `card1,0000:C1:00.0,0x74a1,0x74a1,${VRAM},1`,
    )}`;
    expect(parseSystemInfo(text).gpus).toEqual([
      { name: 'AMD Instinct MI300X', memoryMiB: 196_592 },
      { name: 'Radeon RX 7900 XTX', memoryMiB: 24_560 },
    ]);
  });

  it('that fails changes nothing', () => {
    const text = `amd_gpu\t0x74a1,,,,0000:c1:00.0\n${smi('ERROR: no amdgpu driver, nothing to show', 'card0')}`;
    expect(parseSystemInfo(text).gpus).toEqual([{ name: 'AMD Instinct MI300X' }]);
  });
});

describe('NVIDIA GPUs without nvidia-smi', () => {
  it('are named by their PCI ids, and have a driver when its module is loaded', () => {
    expect(parseSystemInfo('nvidia_pci\t0x2335\nnvidia_pci\t0xffff\n')).toEqual({
      gpus: [{ name: 'NVIDIA H200' }, { name: 'NVIDIA GPU 0xffff' }],
    });
    expect(parseSystemInfo('nvidia_pci\t0x2335\nnvidia_driver\t570.86.15\n')).toEqual({
      gpus: [{ name: 'NVIDIA H200', driver: '570.86.15' }],
      driverVersion: '570.86.15',
    });
  });

  it('give way to what nvidia-smi says, and to nothing but its rows', () => {
    const text = 'nvidia_pci\t0x2335\nnvidia_pci\t0x2335\nnvidia_gpu\t';
    expect(parseSystemInfo(`${text}NVIDIA H200, 143771, 570.86.15, GPU-1\n`).gpus).toHaveLength(1);
    expect(parseSystemInfo(`${text}No devices were found\n`).gpus).toEqual([{ name: 'NVIDIA H200' }, { name: 'NVIDIA H200' }]);
  });
});

describe('the memory in use of an NVIDIA GPU', () => {
  it.each([
    ['3', 3],
    ['70123', 70_123],
    ['[N/A]', undefined],
    ['[Not Supported]', undefined],
    ['', undefined],
  ])('is what nvidia-smi says: "%s"', (used, expected) => {
    const [gpu] = parseSystemInfo(`nvidia_gpu\tNVIDIA H200, 143771, 570.86.15, GPU-1, ${used}\n`).gpus ?? [];
    expect(gpu).toEqual({
      name: 'NVIDIA H200',
      memoryMiB: 143_771,
      driver: '570.86.15',
      uuid: 'GPU-1',
      ...(expected === undefined ? {} : { memoryUsedMiB: expected }),
    });
  });
});

describe('the script', () => {
  let sys = '';
  beforeEach(async () => {
    sys = await mkdtemp(join(tmpdir(), 'bench-sysfs-'));
  });
  afterEach(() => rm(sys, { recursive: true, force: true }));

  it('finds the GPUs among the PCI devices', async () => {
    const device = async (address: string, facts: Record<string, string>) => {
      const folder = join(sys, 'bus/pci/devices', address);
      await mkdir(folder, { recursive: true });
      for (const [name, value] of Object.entries(facts)) await writeFile(join(folder, name), `${value}\n`);
    };
    await device('0000:c1:00.0', { vendor: '0x1002', class: '0x120000', device: '0x74a1', mem_info_vram_total: String(VRAM) });
    await device('0000:05:00.0', { vendor: '0x1002', class: '0x038000', device: '0x75b0', unique_id: 'ab12', product_name: 'A, B' });
    await device('0000:06:00.0', { vendor: '0x1002', class: '0x060400', device: '0x1479' });
    await device('0000:07:00.0', { vendor: '0x10de', class: '0x030200', device: '0x2335' });
    await mkdir(join(sys, 'module/amdgpu'), { recursive: true });
    await writeFile(join(sys, 'module/amdgpu/version'), '6.10.5\n');
    // Both tools are there: one broken as it is without a driver, one that works.
    const program = (name: string, text: string) => writeFile(join(sys, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    await program('nvidia-smi', 'echo "NVIDIA-SMI has failed because it could not, alas, find, a driver"; exit 9');
    const header = 'device,PCI Bus,VRAM Total Memory (B)';
    await program('rocm-smi', `[ "$1" = --showbus ] && printf '\\n${header}\\ncard0,0000:05:00.0,${VRAM}\\ncard1,0000:C1:00.0,1\\n'`);
    const script = SCRIPT.replaceAll('/sys/', `${sys}/`);
    const { stdout, stderr } = await localHost({ stateDir: sys }).exec({ script }, { env: { PATH: `${sys}:${process.env.PATH ?? ''}` } });
    expect(stderr).toBe('');
    expect(parseSystemInfo(stdout).gpus).toEqual([
      { name: 'NVIDIA H200' },
      { name: 'AMD Instinct MI350X', memoryMiB: 196_592, driver: '6.10.5', uuid: 'ab12' },
      { name: 'AMD Instinct MI300X', memoryMiB: 196_592, driver: '6.10.5' },
    ]);
  });

  it('says nothing about them on a machine without any', async () => {
    const { code, stdout } = await localHost({ stateDir: sys }).exec({ script: SCRIPT.replaceAll('/sys/', `${sys}/none/`) });
    expect([code, stdout.includes('amd_')]).toEqual([0, false]);
  });
});

it('half of an answer is none: a machine whose nvidia-smi hangs is not one without GPUs', async () => {
  const half = { code: null, signal: 'SIGKILL', stdout: 'hostname\tgpu1\n', stderr: '', durationMs: 1, timedOut: true };
  const host = { ...localHost(), name: 'gpu1', exec: () => Promise.resolve(half) };
  await expect(systemInfo(host)).rejects.toMatchObject({
    code: 'BENCH_HOST_SILENT',
    exitCode: 3,
    hint: expect.stringContaining('nvidia-smi') as string,
  });
});
