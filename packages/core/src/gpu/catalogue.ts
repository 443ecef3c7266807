export type GpuVendor = 'nvidia' | 'amd';

/** One GPU product. Form factor matters: it changes results and price. */
export interface GpuModel {
  /** Canonical id, no vendor, no spaces: `H200`, `RTX4090`. */
  id: string;
  vendor: GpuVendor;
  /** What it is called in recipes and by `nvidia-smi`/`rocm-smi`. The first is the one we print. */
  names: readonly string[];
  memoryGb: number;
  formFactor: 'SXM' | 'PCIe' | 'NVL' | 'OAM' | 'SuperChip' | null;
  /** PCI device ids, lower-case hex, without vendor. */
  pciIds: readonly string[];
  /** What the driver reports, MiB. */
  memoryMiB?: number;
  computeCapability?: string;
}

export const GPUS: readonly GpuModel[] = [
  { id: 'H200', vendor: 'nvidia', names: ['NVIDIA H200', 'NVIDIA H200 141GB'], memoryGb: 141, formFactor: 'SXM', pciIds: ['2335'], memoryMiB: 143771, computeCapability: '9.0' },
];
