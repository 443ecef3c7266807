import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localHost, parseSystemInfo } from './index.ts';
import { SCRIPT } from './system-info.ts';

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

describe('the script', () => {
  let sys = '';
  beforeEach(async () => {
    sys = await mkdtemp(join(tmpdir(), 'bench-sysfs-'));
  });
  afterEach(() => rm(sys, { recursive: true, force: true }));

  it('finds the AMD GPUs among the PCI devices', async () => {
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
    const script = SCRIPT.replaceAll('/sys/', `${sys}/`);
    const { stdout, stderr } = await localHost({ stateDir: sys }).exec({ script });
    expect(stderr).toBe('');
    expect(parseSystemInfo(stdout).gpus?.filter((gpu) => !gpu.name.startsWith('NVIDIA'))).toEqual([
      { name: 'AMD Instinct MI350X', driver: '6.10.5', uuid: 'ab12' },
      { name: 'AMD Instinct MI300X', memoryMiB: 196_592, driver: '6.10.5' },
    ]);
  });

  it('says nothing about them on a machine without any', async () => {
    const { code, stdout } = await localHost({ stateDir: sys }).exec({ script: SCRIPT.replaceAll('/sys/', `${sys}/none/`) });
    expect([code, stdout.includes('amd_')]).toEqual([0, false]);
  });
});
