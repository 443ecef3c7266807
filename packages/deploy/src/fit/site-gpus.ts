import { findGpu, type GpuVendor, type SystemInfo } from '@bench/core';
import type { SiteGpu } from '../contract.ts';

export interface MachineGpus {
  /** Of the GPUs that work; null: there are none. */
  vendor: GpuVendor | null;
  gpus: SiteGpu[];
  /** Names of cards that are plugged in and that no driver drives: found by their PCI ids only. */
  withoutDriver: string[];
}

/**
 * The GPUs of a machine as engines see them: those of one vendor, the first GPU's, numbered from 0 in PCI bus order. Each vendor's
 * runtime counts its own devices only, so a machine with cards of both shows those of NVIDIA, which `systemInfo` puts first.
 */
export function siteGpus(system: SystemInfo): MachineGpus {
  const found = system.gpus ?? [];
  // amdgpu of the kernel has no version to tell, but it tells the memory.
  const driven = found.filter(({ driver, memoryMiB }) => driver !== undefined || memoryMiB !== undefined);
  const withoutDriver = found.filter((gpu) => !driven.includes(gpu)).map(({ name }) => name);
  const vendor = driven[0] ? vendorOf(driven[0].name) : null;
  const gpus = driven
    .filter(({ name }) => vendorOf(name) === vendor)
    .map(({ name, memoryMiB, memoryUsedMiB }, i) => ({
      id: String(i),
      name,
      memoryMiB,
      ...(memoryUsedMiB === undefined ? {} : { memoryUsedMiB }),
    }));
  return { vendor, gpus, withoutDriver };
}

/** A GPU that the catalogue does not know was named by nvidia-smi, or it would carry its vendor's name. */
function vendorOf(name: string): GpuVendor {
  return findGpu(name)?.vendor ?? (/\bAMD\b|Instinct|Radeon/i.test(name) ? 'amd' : 'nvidia');
}
