import { findGpu } from '@bench/core';
import type { SiteGpu } from './contract.ts';

/**
 * The GPUs of a site that are the product asked for, at most `count` of them, in PCI bus order. Product and memory must
 * be the same: an H100 PCIe is not an H100 SXM, and figures would carry the wrong name.
 */
export function chooseGpus(gpus: readonly SiteGpu[], wanted: string, count: number): SiteGpu[] {
  const asked = findGpu(wanted)?.id ?? wanted;
  return gpus
    .filter(({ name, memoryMiB }) => (findGpu(name, memoryMiB === undefined ? {} : { memoryMiB })?.id ?? name) === asked)
    .slice(0, count);
}

/** `2× NVIDIA H200, 1× NVIDIA L4`, or `none`. */
export function describeGpus(gpus: readonly SiteGpu[]): string {
  const counts = new Map<string, number>();
  for (const { name } of gpus) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.size === 0 ? 'none' : [...counts].map(([name, count]) => `${count}× ${name}`).join(', ');
}
