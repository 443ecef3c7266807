import { findGpus, GPUS, normalizeGpuName } from '@bench/core';
import type { Offer } from '../contract/offer.ts';

/** What a name of a GPU means when machines are looked for. */
export interface WantedGpu {
  /** What providers are asked for: a canonical id or a family; the name itself when the catalogue does not know it. */
  query: string;
  fits(gpu: NonNullable<Offer['gpu']>): boolean;
}

/** A family's name (`A100`, `H100`) means all its members; a name that says more (`H100 SXM`, `A100-80GB-PCIe`) only those that it fits. */
export function wantedGpu(name: string): WantedGpu {
  const normal = normalizeGpuName(name);
  const family = GPUS.find((gpu) => normalizeGpuName(gpu.family) === normal)?.family;
  const models = family === undefined ? findGpus(name) : GPUS.filter((gpu) => gpu.family === family);
  const ids = new Set(models.map(({ id }) => id));
  const families = new Set(models.map((gpu) => gpu.family));
  const [first] = models;
  return {
    query: family ?? (families.size === 1 && first ? (ids.size === 1 ? first.id : first.family) : name),
    fits: (gpu) => (gpu.id === null ? normalizeGpuName(gpu.name) === normal : ids.has(gpu.id)),
  };
}
