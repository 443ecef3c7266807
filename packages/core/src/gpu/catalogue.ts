export type GpuVendor = 'nvidia' | 'amd';

export type GpuFormFactor = 'SXM' | 'PCIe' | 'NVL' | 'OAM' | 'SuperChip';

/** One GPU product. Form factor matters: it changes results and price. */
export interface GpuModel {
  /** Canonical id, no vendor, no spaces, unique: `H200`, `A100-80GB-PCIe`. */
  id: string;
  /** Product line that sellers often name alone: `A100` for every A100, `RTXPRO6000` for its three editions. */
  family: string;
  /** Unique, lower case, safe in file and host names: what variant names begin with (`h200`, `pro6000ws`). */
  short: string;
  vendor: GpuVendor;
  /** What it is called in recipes, by `nvidia-smi`/`rocm-smi` and by sellers. The first is the one we print. */
  names: readonly string[];
  /** As it is sold. */
  memoryGb: number;
  formFactor: GpuFormFactor | null;
  /** PCI device ids, lower-case hex, without vendor; of virtual functions too. Empty: not known. */
  pciIds: readonly string[];
  /** What the driver reports, MiB; absent when not known. */
  memoryMiB?: number;
  /** CUDA compute capability; absent for AMD. */
  computeCapability?: string;
}

/** One row of the table below: everything but what repeats. */
type Row = Omit<GpuModel, 'vendor' | 'family' | 'short' | 'formFactor'> & { family?: string; short?: string; formFactor?: GpuFormFactor };

const row =
  (vendor: GpuVendor, formFactor: GpuFormFactor, defaults: Partial<GpuModel>) =>
  (r: Row): GpuModel => ({
    ...defaults,
    family: r.id,
    short: r.id.toLowerCase(),
    vendor,
    formFactor,
    ...r,
  });
const ampere = row('nvidia', 'PCIe', { computeCapability: '8.0' });
const ampereSmall = row('nvidia', 'PCIe', { computeCapability: '8.6' });
const ada = row('nvidia', 'PCIe', { computeCapability: '8.9' });
const hopper = row('nvidia', 'SXM', { computeCapability: '9.0' });
const blackwell = row('nvidia', 'SXM', { computeCapability: '10.0' });
const blackwellSmall = row('nvidia', 'PCIe', { computeCapability: '12.0' });
const volta = row('nvidia', 'SXM', { computeCapability: '7.0' });
const turing = row('nvidia', 'PCIe', { computeCapability: '7.5' });
const instinct = row('amd', 'OAM', {});

/**
 * Every GPU we know. Where a name fits several (a bare "A100"), the one listed first is meant.
 * PCI ids and MiB as drivers report them; pci.ids (2023-04) for what predates it.
 */
export const GPUS: readonly GpuModel[] = [
  // Blackwell
  blackwell({
    id: 'B300',
    names: ['NVIDIA B300', 'NVIDIA B300 SXM6 AC', 'nvidia-b300'],
    memoryGb: 270,
    pciIds: ['3182'],
    computeCapability: '10.3',
  }),
  blackwell({
    id: 'B200',
    names: ['NVIDIA B200', 'NVIDIA B200 180GB', 'NVIDIA B200 192GB', 'nvidia-b200', 'gpu-b200-sxm'],
    memoryGb: 180,
    pciIds: ['2900', '2901'],
    memoryMiB: 183359,
  }),
  blackwellSmall({ id: 'RTX5090', names: ['NVIDIA GeForce RTX 5090'], memoryGb: 32, pciIds: ['2b85'], memoryMiB: 32607 }),
  blackwellSmall({
    id: 'RTXPRO6000-Server',
    family: 'RTXPRO6000',
    short: 'pro6000',
    names: [
      'NVIDIA RTX PRO 6000 Blackwell Server Edition',
      'NVIDIA RTX PRO 6000 Server Edition',
      'NVIDIA RTX PRO 6000',
      'RTX PRO 6000 S',
      'RTX PRO 6000 SE',
      'nvidia-rtx-pro-6000',
      'gpu-rtx6000',
      'pro6000',
    ],
    memoryGb: 96,
    pciIds: ['2ba4', '2bb5'],
    memoryMiB: 98304,
  }),
  blackwellSmall({
    id: 'RTXPRO6000-Workstation',
    family: 'RTXPRO6000',
    short: 'pro6000ws',
    names: ['NVIDIA RTX PRO 6000 Blackwell Workstation Edition', 'NVIDIA RTX PRO 6000 Workstation Edition', 'RTX PRO 6000 WS'],
    memoryGb: 96,
    pciIds: ['2ba0', '2bb1'],
    memoryMiB: 98304,
  }),
  blackwellSmall({
    id: 'RTXPRO6000-MaxQ',
    family: 'RTXPRO6000',
    short: 'pro6000maxq',
    names: [
      'NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition',
      'NVIDIA RTX PRO 6000 Max-Q Workstation Edition',
      'RTX PRO 6000 Max-Q',
    ],
    memoryGb: 96,
    pciIds: ['2ba2', '2bb4'],
    memoryMiB: 97887,
  }),
  // Hopper
  hopper({
    id: 'H200',
    names: ['NVIDIA H200', 'NVIDIA H200 141GB', 'H200 SXM', 'nvidia-h200-141gb', 'gpu-h200-sxm'],
    memoryGb: 141,
    pciIds: ['2335'],
    memoryMiB: 143771,
  }),
  hopper({ id: 'H200NVL', family: 'H200', names: ['NVIDIA H200 NVL'], memoryGb: 141, formFactor: 'NVL', pciIds: ['233b'] }),
  hopper({
    id: 'H100',
    names: [
      'NVIDIA H100 80GB HBM3',
      'NVIDIA H100 80GB',
      'NVIDIA H100',
      'H100 SXM',
      'H100 SXM5',
      'nvidia-h100-80gb',
      'nvidia-h100-mega-80gb',
      'gpu-h100-sxm',
      'gpu_1x_h100_sxm5',
    ],
    memoryGb: 80,
    pciIds: ['2330'],
    memoryMiB: 81559,
  }),
  hopper({
    id: 'H100-PCIe',
    family: 'H100',
    short: 'h100pcie',
    names: ['NVIDIA H100 PCIe', 'gpu_1x_h100_pcie'],
    memoryGb: 80,
    formFactor: 'PCIe',
    pciIds: ['2331'],
    memoryMiB: 81559,
  }),
  hopper({
    id: 'H100NVL',
    family: 'H100',
    names: ['NVIDIA H100 NVL'],
    memoryGb: 94,
    formFactor: 'NVL',
    pciIds: ['2321'],
    memoryMiB: 95830,
  }),
  hopper({
    id: 'GH200',
    names: ['NVIDIA GH200 480GB', 'NVIDIA GH200 120GB', 'GH200 SXM', 'gpu_1x_gh200'],
    memoryGb: 96,
    formFactor: 'SuperChip',
    pciIds: ['2342'],
    memoryMiB: 97871,
  }),
  // Ada
  ada({ id: 'RTX4090', names: ['NVIDIA GeForce RTX 4090'], memoryGb: 24, pciIds: ['2684'], memoryMiB: 24564 }),
  ada({ id: 'RTX6000Ada', names: ['NVIDIA RTX 6000 Ada Generation'], memoryGb: 48, pciIds: ['26b1'], memoryMiB: 49140 }),
  ada({ id: 'L40S', names: ['NVIDIA L40S', 'gpu-l40s-a', 'gpu-l40s-d'], memoryGb: 48, pciIds: ['26b9'], memoryMiB: 46068 }),
  ada({ id: 'L40', names: ['NVIDIA L40'], memoryGb: 48, pciIds: ['26b5'], memoryMiB: 46068 }),
  ada({ id: 'L4', names: ['NVIDIA L4', 'nvidia-l4'], memoryGb: 24, pciIds: ['27b8'], memoryMiB: 23034 }),
  // Ampere
  ampere({
    id: 'A100-80GB',
    family: 'A100',
    names: ['NVIDIA A100-SXM4-80GB', 'NVIDIA A100 80GB', 'NVIDIA A100', 'A100 SXM4', 'nvidia-a100-80gb', 'gpu_1x_a100_80gb_sxm4'],
    memoryGb: 80,
    formFactor: 'SXM',
    pciIds: ['20b2'],
    memoryMiB: 81920,
  }),
  ampere({
    id: 'A100-80GB-PCIe',
    family: 'A100',
    short: 'a100-80gb-pcie',
    names: ['NVIDIA A100 80GB PCIe', 'A100 PCIE'],
    memoryGb: 80,
    pciIds: ['20b5'],
    memoryMiB: 81920,
  }),
  ampere({
    id: 'A100-40GB',
    family: 'A100',
    names: ['NVIDIA A100-SXM4-40GB', 'NVIDIA A100 40GB', 'A100 SXM4', 'nvidia-tesla-a100', 'gpu_1x_a100', 'gpu_1x_a100_sxm4'],
    memoryGb: 40,
    formFactor: 'SXM',
    pciIds: ['20b0'],
    memoryMiB: 40960,
  }),
  ampere({
    id: 'A100-40GB-PCIe',
    family: 'A100',
    names: ['NVIDIA A100-PCIE-40GB', 'A100 PCIE'],
    memoryGb: 40,
    pciIds: ['20b1', '20f1'],
    memoryMiB: 40960,
  }),
  ampereSmall({ id: 'A6000', names: ['NVIDIA RTX A6000', 'gpu_1x_a6000'], memoryGb: 48, pciIds: ['2230'], memoryMiB: 49140 }),
  ampereSmall({ id: 'A40', names: ['NVIDIA A40'], memoryGb: 48, pciIds: ['2235'], memoryMiB: 46068 }),
  ampereSmall({ id: 'A10', names: ['NVIDIA A10', 'gpu_1x_a10'], memoryGb: 24, pciIds: ['2236'], memoryMiB: 23028 }),
  ampereSmall({ id: 'A10G', names: ['NVIDIA A10G'], memoryGb: 24, pciIds: ['2237'], memoryMiB: 23028 }),
  ampereSmall({ id: 'RTX3090', names: ['NVIDIA GeForce RTX 3090'], memoryGb: 24, pciIds: ['2204'], memoryMiB: 24576 }),
  // Turing, Volta
  turing({ id: 'T4', names: ['Tesla T4', 'NVIDIA T4', 'nvidia-tesla-t4'], memoryGb: 16, pciIds: ['1eb8'], memoryMiB: 15360 }),
  volta({
    id: 'V100-16GB',
    family: 'V100',
    names: ['Tesla V100-SXM2-16GB', 'Tesla V100', 'nvidia-tesla-v100', 'gpu_8x_v100'],
    memoryGb: 16,
    pciIds: ['1db1', '1df5'],
  }),
  volta({
    id: 'V100-16GB-PCIe',
    family: 'V100',
    names: ['Tesla V100-PCIE-16GB', 'Tesla V100-FHHL-16GB'],
    memoryGb: 16,
    formFactor: 'PCIe',
    pciIds: ['1db3', '1db4'],
  }),
  volta({
    id: 'V100-32GB',
    family: 'V100',
    names: ['Tesla V100-SXM2-32GB', 'Tesla V100-SXM3-32GB', 'Tesla V100'],
    memoryGb: 32,
    pciIds: ['1db5', '1db8'],
  }),
  volta({
    id: 'V100-32GB-PCIe',
    family: 'V100',
    names: ['Tesla V100-PCIE-32GB', 'Tesla V100S-PCIE-32GB'],
    memoryGb: 32,
    formFactor: 'PCIe',
    pciIds: ['1db6', '1df6'],
  }),
  // AMD
  instinct({
    id: 'MI300X',
    names: ['AMD Instinct MI300X', 'AMD Instinct MI300X OAM'],
    memoryGb: 192,
    pciIds: ['74a1', '74b5'],
    memoryMiB: 196592,
  }),
  instinct({ id: 'MI325X', names: ['AMD Instinct MI325X', 'AMD Instinct MI325X OAM'], memoryGb: 256, pciIds: ['74a5', '74b9'] }),
  instinct({ id: 'MI350X', names: ['AMD Instinct MI350X', 'AMD Instinct MI350X OAM'], memoryGb: 288, pciIds: ['75a0', '75b0'] }),
  instinct({ id: 'MI355X', names: ['AMD Instinct MI355X', 'AMD Instinct MI355X OAM'], memoryGb: 288, pciIds: ['75a3', '75b3'] }),
];
