import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findGpu, findGpus, GPUS, gpuByPciId, nearGpu, normalizeGpuName, shortGpuName, snapGpuMemoryGb } from './index.ts';

describe('catalogue', () => {
  it('has unique ids, short names and PCI ids', () => {
    for (const list of [GPUS.map((g) => g.id), GPUS.map((g) => g.short), GPUS.flatMap((g) => g.pciIds)])
      expect(new Set(list).size).toBe(list.length);
  });

  it('writes short names that are safe as file and host names, and PCI ids in lower-case hex', () => {
    for (const gpu of GPUS) {
      expect(gpu.short).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      for (const id of gpu.pciIds) expect(id).toMatch(/^[0-9a-f]{4}$/);
    }
  });

  it('states a driver size that snaps to the size sold', () => {
    for (const gpu of GPUS) if (gpu.memoryMiB) expect([gpu.id, snapGpuMemoryGb(gpu.memoryMiB / 1024)]).toEqual([gpu.id, gpu.memoryGb]);
  });

  it('finds every GPU by its id, its short name and each of its names (with its memory)', () => {
    for (const gpu of GPUS) {
      for (const name of [gpu.id, gpu.short, ...gpu.names])
        expect([name, findGpu(name, { memoryMiB: gpu.memoryGb * 1024 })?.id]).toEqual([name, gpu.id]);
    }
  });
});

describe('findGpu', () => {
  it.each([
    // What recipes say.
    ['NVIDIA B200', 'B200'],
    ['NVIDIA GeForce RTX 4090', 'RTX4090'],
    ['NVIDIA GeForce RTX 5090', 'RTX5090'],
    ['NVIDIA H100 80GB', 'H100'],
    ['NVIDIA H200 141GB', 'H200'],
    ['NVIDIA L40S', 'L40S'],
    ['NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition', 'RTXPRO6000-MaxQ'],
    ['NVIDIA RTX PRO 6000 Server Edition', 'RTXPRO6000-Server'],
    ['NVIDIA RTX PRO 6000 Workstation Edition', 'RTXPRO6000-Workstation'],
    ['RTX PRO 6000 Workstation Edition', 'RTXPRO6000-Workstation'],
    ['AMD Instinct MI350X', 'MI350X'],
    // What people, drivers and sellers say.
    ['A100 80GB', 'A100-80GB'],
    ['A100 80 GB PCIe', 'A100-80GB-PCIe'],
    ['a100-pcie-40gb', 'A100-40GB-PCIe'],
    ['NVIDIA A100 80GB PCIe', 'A100-80GB-PCIe'],
    ['nvidia-tesla-a100', 'A100-40GB'],
    ['H100 PCIe', 'H100-PCIe'],
    ['H100 PCIE 80GB', 'H100-PCIe'],
    ['NVIDIA H100 80GB HBM3', 'H100'],
    ['nvidia-h100-mega-80gb', 'H100'],
    ['H100NVL', 'H100NVL'],
    ['NVIDIA H100 NVL', 'H100NVL'],
    ['HGX H200', 'H200'],
    ['B200 192GB', 'B200'],
    ['RTX 4090', 'RTX4090'],
    ['rtx5090', 'RTX5090'],
    ['RTX 6000Ada', 'RTX6000Ada'],
    ['RTX A6000', 'A6000'],
    ['Tesla T4', 'T4'],
    ['Tesla V100-SXM2-32GB', 'V100-32GB'],
    ['NVIDIA GH200 480GB', 'GH200'],
    ['RTX PRO 6000 S', 'RTXPRO6000-Server'],
    ['AMD Instinct MI300X OAM', 'MI300X'],
  ])('%s is %s', (name, id) => {
    expect(findGpu(name)?.id).toBe(id);
  });

  it.each([
    'NVIDIA GeForce RTX 4090 Laptop GPU',
    'NVIDIA GeForce RTX 4090 D',
    'RTX 4090 48GB',
    'NVIDIA H200 80GB',
    'H200 PCIe',
    'NVIDIA H100 80GB HBM3 MIG 1g.10gb',
    'Quadro RTX 6000',
    'GeForce GTX 1080',
    'llvmpipe',
    '',
    '   ',
    'NVIDIA',
    'GB',
    'PCIe',
  ])('does not know "%s"', (name) => {
    expect(findGpu(name)).toBeUndefined();
  });

  it('lets the reported memory decide between products of one name', () => {
    expect(findGpu('A100 SXM4', { memoryMiB: 81_920 })?.id).toBe('A100-80GB');
    expect(findGpu('A100 SXM4', { memoryMiB: 40_960 })?.id).toBe('A100-40GB');
    expect(findGpu('A100 PCIE', { memoryMiB: 40_536 })?.id).toBe('A100-40GB-PCIe');
    expect(findGpu('Tesla V100', { memoryMiB: 32_510 })?.id).toBe('V100-32GB');
    expect(findGpu('NVIDIA H200', { memoryMiB: 81_559 })).toBeUndefined();
  });

  it('offers every meaning of a bare name', () => {
    const a100 = findGpus('A100').map((g) => g.id);
    expect(a100[0]).toBe('A100-80GB');
    expect(a100.sort()).toEqual(['A100-40GB', 'A100-40GB-PCIe', 'A100-80GB', 'A100-80GB-PCIe']);
    expect(findGpus('RTX PRO 6000').map((g) => g.short)).toEqual(['pro6000', 'pro6000ws', 'pro6000maxq']);
  });

  it('never throws and never invents, whatever the name', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const gpu = findGpu(name);
        return gpu === undefined || GPUS.includes(gpu);
      }),
    );
  });

  it('ignores case, vendor words, spaces and dashes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GPUS.filter((g) => g.family === g.id)),
        fc.boolean(),
        fc.constantFrom(' ', '-', '_', ''),
        (gpu, upper, separator) => {
          const name = (gpu.names[0] as string).replaceAll(' ', separator);
          return findGpu(upper ? name.toUpperCase() : name.toLowerCase())?.id === gpu.id;
        },
      ),
    );
  });
});

describe('other keys', () => {
  it('reads PCI ids in the forms that sysfs and lspci print', () => {
    expect(gpuByPciId('0x2335')?.id).toBe('H200');
    expect(gpuByPciId('10DE:2B85')?.id).toBe('RTX5090');
    expect(gpuByPciId('1002:75b0')?.id).toBe('MI350X');
    expect(gpuByPciId('ffff')).toBeUndefined();
  });

  it('snaps within 7 % and not beyond', () => {
    expect([44.99, 179.06, 15, 93.6, 95.6, 140.4, 23.99].map(snapGpuMemoryGb)).toEqual([48, 180, 16, 94, 96, 141, 24]);
    expect([60, 110, 1000, 0].map(snapGpuMemoryGb)).toEqual([null, null, null, null]);
  });

  it('makes short names', () => {
    expect(
      ['NVIDIA GeForce RTX 5090', 'NVIDIA B200', 'NVIDIA H200 141GB', 'NVIDIA RTX PRO 6000 Workstation Edition', 'A100 40GB'].map(
        shortGpuName,
      ),
    ).toEqual(['rtx5090', 'b200', 'h200', 'pro6000ws', 'a100-40gb']);
    expect(shortGpuName('Intel Data Center GPU Max 1550')).toBe('inteldatacentergpumax155');
    expect(shortGpuName('???')).toBe('gpu');
    expect(normalizeGpuName('NVIDIA GeForce RTX 4090')).toBe('rtx4090');
  });

  it('has the nearest one for a name that is unknown', () => {
    expect(nearGpu('H2000')).toBe('did you mean "H200"?');
    expect(nearGpu('NVIDIA H2000 141GB')).toBe('did you mean "NVIDIA H200 141GB"?');
    expect(nearGpu('A100-80')).toBe('did you mean A100-80GB or A100-80GB-PCIe?');
    expect(nearGpu('toaster')).toBeNull();
    expect(nearGpu('')).toBeNull();
  });
});
