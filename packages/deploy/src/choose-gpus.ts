import { countEqual, findGpu } from '@bench/core';
import type { SiteGpu } from './contract.ts';

/** What a display, or a driver that keeps its state, takes of a GPU that nobody works on. */
const IDLE = { mib: 1024, part: 0.05 };

/**
 * The GPUs of a site that are the product asked for, at most `count` of them: those that nobody works on, and only where they are too few
 * the others too; in PCI bus order. Product and memory must be the same: an H100 PCIe is not an H100 SXM, and figures would carry the
 * wrong name.
 */
export function chooseGpus(gpus: readonly SiteGpu[], wanted: string, count: number): SiteGpu[] {
  const asked = findGpu(wanted)?.id ?? wanted;
  const product = gpus.filter(({ name, memoryMiB }) => (findGpu(name, memoryMiB === undefined ? {} : { memoryMiB })?.id ?? name) === asked);
  const busy = new Set(busyGpus(product));
  const chosen = new Set([...product.filter((gpu) => !busy.has(gpu)), ...busy].slice(0, count));
  return product.filter((gpu) => chosen.has(gpu));
}

/** Those that somebody works on: 1 GiB of their memory is in use, and 5 % of it. One that does not tell is not among them. */
export function busyGpus(gpus: readonly SiteGpu[]): SiteGpu[] {
  return gpus.filter(
    ({ memoryMiB = 0, memoryUsedMiB }) => memoryUsedMiB !== undefined && memoryUsedMiB >= Math.max(IDLE.mib, IDLE.part * memoryMiB),
  );
}

/** `2× NVIDIA H200, 1× NVIDIA L4`, or `none`. */
export function describeGpus(gpus: readonly SiteGpu[]): string {
  const counts = countEqual(gpus.map(({ name }) => name));
  return counts.length === 0 ? 'none' : counts.map(({ text, count }) => `${count}× ${text}`).join(', ');
}
