import { findGpu, type GpuVendor } from '@bench/core';

/** Vendor of a GPU by the catalogue, else by its name; null when no GPU is named or the name does not tell. */
export function gpuVendorOf(gpu: string | undefined): GpuVendor | null {
  if (gpu === undefined) return null;
  const known = findGpu(gpu);
  if (known) return known.vendor;
  if (/\b(amd|instinct|radeon|mi\d{2,3}[a-z]?)\b/i.test(gpu)) return 'amd';
  if (/\b(nvidia|geforce|rtx|gtx|tesla|quadro|[abhl]\d{1,3}s?)\b/i.test(gpu)) return 'nvidia';
  return null;
}
