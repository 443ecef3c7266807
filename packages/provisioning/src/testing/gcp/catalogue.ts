/** A kind of machine that the fake sells, as the API describes it. */
export interface FakeMachineType {
  name: string;
  guestCpus: number;
  memoryMb: number;
  /** Null: no GPU of its own. */
  accelerator: { type: string; count: number } | null;
  /** It boots from Hyperdisk only. */
  hyperdisk: boolean;
  flex: boolean;
  onDemand: boolean;
  usdPerHour: number;
}

const type = (
  name: string,
  guestCpus: number,
  memoryGb: number,
  usdPerHour: number,
  accelerator: FakeMachineType['accelerator'] = null,
  more: Partial<FakeMachineType> = {},
): FakeMachineType => ({
  name,
  guestCpus,
  memoryMb: memoryGb * 1024,
  accelerator,
  hyperdisk: /^(a3-ultragpu|a4|g4|n4|c4)-/.test(name),
  flex: /^(a2|a3|a4|g2)-/.test(name),
  onDemand: !/^a3-highgpu-[124]g$/.test(name),
  usdPerHour,
  ...more,
});
const gpu = (kind: string, count: number) => ({ type: kind, count });

export const FAKE_TYPES: readonly FakeMachineType[] = [
  type('e2-standard-4', 4, 16, 0.13),
  type('n4-standard-8', 8, 32, 0.4),
  type('n1-standard-8', 8, 30, 0.4),
  type('n1-standard-16', 16, 60, 0.8),
  type('g2-standard-4', 4, 16, 0.7, gpu('nvidia-l4', 1)),
  type('g2-standard-8', 8, 32, 0.9, gpu('nvidia-l4', 1)),
  type('g2-standard-24', 24, 96, 2, gpu('nvidia-l4', 2)),
  type('g4-standard-48', 48, 180, 4, gpu('nvidia-rtx-pro-6000', 1)),
  type('a2-highgpu-1g', 12, 85, 3.7, gpu('nvidia-tesla-a100', 1)),
  type('a2-highgpu-8g', 96, 680, 29, gpu('nvidia-tesla-a100', 8)),
  type('a2-ultragpu-1g', 12, 170, 5, gpu('nvidia-a100-80gb', 1)),
  type('a3-highgpu-1g', 26, 234, 11, gpu('nvidia-h100-80gb', 1)),
  type('a3-highgpu-8g', 208, 1872, 88, gpu('nvidia-h100-80gb', 8)),
  type('a3-megagpu-8g', 208, 1872, 92, gpu('nvidia-h100-mega-80gb', 8)),
  type('a3-ultragpu-8g', 224, 2952, 84, gpu('nvidia-h200-141gb', 8)),
  type('a4-highgpu-8g', 224, 3968, 110, gpu('nvidia-b200', 8)),
];

const everywhere = [
  'e2-standard-4',
  'n4-standard-8',
  'n1-standard-8',
  'n1-standard-16',
  'g2-standard-4',
  'g2-standard-8',
  'g2-standard-24',
];

/** What each zone has. */
export const FAKE_ZONES: Readonly<Record<string, { types: readonly string[]; accelerators: readonly string[] }>> = {
  'us-central1-a': {
    types: [...everywhere, 'a2-highgpu-1g', 'a2-highgpu-8g', 'a2-ultragpu-1g', 'a3-highgpu-1g', 'a3-highgpu-8g'],
    accelerators: ['nvidia-tesla-t4', 'nvidia-tesla-v100'],
  },
  'us-central1-b': { types: [...everywhere, 'a4-highgpu-8g', 'g4-standard-48'], accelerators: ['nvidia-tesla-t4'] },
  'us-east1-b': { types: [...everywhere, 'a4-highgpu-8g'], accelerators: [] },
  'us-east4-b': { types: [...everywhere, 'a3-ultragpu-8g', 'a3-megagpu-8g', 'a3-highgpu-8g'], accelerators: [] },
  'us-west1-c': { types: ['e2-standard-4', 'a3-ultragpu-8g'], accelerators: [] },
  'europe-west1-b': { types: [...everywhere, 'a3-ultragpu-8g', 'a3-highgpu-1g'], accelerators: ['nvidia-tesla-t4'] },
  'europe-west4-a': { types: ['e2-standard-4', 'a2-highgpu-1g', 'a3-ultragpu-8g', 'a3-highgpu-8g'], accelerators: ['nvidia-tesla-v100'] },
};

export const regionOfZone = (zone: string): string => zone.replace(/-[a-z]$/, '');

/** The quota that GPUs count against, by the names that the API has for them. */
const METRICS: Readonly<Record<string, string>> = {
  'nvidia-tesla-t4': 'NVIDIA_T4_GPUS',
  'nvidia-tesla-v100': 'NVIDIA_V100_GPUS',
  'nvidia-l4': 'NVIDIA_L4_GPUS',
  'nvidia-tesla-a100': 'NVIDIA_A100_GPUS',
  'nvidia-a100-80gb': 'NVIDIA_A100_80GB_GPUS',
  'nvidia-h100-80gb': 'NVIDIA_H100_GPUS',
  'nvidia-h100-mega-80gb': 'NVIDIA_H100_MEGA_GPUS',
};

/** Null: not counted by region. */
export const metricOf = (accelerator: string, preemptible: boolean): string | null => {
  const metric = METRICS[accelerator];
  return metric === undefined ? null : `${preemptible ? 'PREEMPTIBLE_' : ''}${metric}`;
};
export const FAKE_METRICS: readonly string[] = Object.values(METRICS).flatMap((m) => [m, `PREEMPTIBLE_${m}`]);

/** What `nvidia-smi` calls them on the machines. */
export const FAKE_GPUS: Readonly<Record<string, { name: string; memoryMiB: number }>> = {
  'nvidia-tesla-t4': { name: 'Tesla T4', memoryMiB: 15360 },
  'nvidia-tesla-v100': { name: 'Tesla V100-SXM2-16GB', memoryMiB: 16384 },
  'nvidia-l4': { name: 'NVIDIA L4', memoryMiB: 23034 },
  'nvidia-rtx-pro-6000': { name: 'NVIDIA RTX PRO 6000 Blackwell Server Edition', memoryMiB: 98304 },
  'nvidia-tesla-a100': { name: 'NVIDIA A100-SXM4-40GB', memoryMiB: 40960 },
  'nvidia-a100-80gb': { name: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81920 },
  'nvidia-h100-80gb': { name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81559 },
  'nvidia-h100-mega-80gb': { name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81559 },
  'nvidia-h200-141gb': { name: 'NVIDIA H200', memoryMiB: 143771 },
  'nvidia-b200': { name: 'NVIDIA B200', memoryMiB: 183359 },
};
