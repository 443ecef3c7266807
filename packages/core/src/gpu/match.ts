import { GPUS, type GpuModel } from './catalogue.ts';

/** Lower case, without vendor words, spaces and dashes. */
export function normalizeGpuName(name: string): string {
  return name.toLowerCase().replace(/nvidia|geforce|tesla|amd|instinct|radeon/g, '').replace(/[^a-z0-9]/g, '');
}

/** The catalogue's GPU for any name it is known by; undefined: unknown (which is not an error). */
export function findGpu(name: string): GpuModel | undefined {
  const wanted = normalizeGpuName(name);
  return GPUS.find((g) => normalizeGpuName(g.id) === wanted || g.names.some((n) => normalizeGpuName(n) === wanted));
}

/** By PCI device id (`2335`, `0x2335`). */
export function gpuByPciId(id: string): GpuModel | undefined {
  const wanted = id.toLowerCase().replace(/^0x/, '');
  return GPUS.find((g) => g.pciIds.includes(wanted));
}
