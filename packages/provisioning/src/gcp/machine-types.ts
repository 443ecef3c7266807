import type { Market } from '../contract/offer.ts';

/** A kind of machine that is offered. What it has beside GPUs is read from the API. */
export interface GcpMachineType {
  name: string;
  /** Null: no GPU. */
  gpu: {
    /** Id of the GPU catalogue. */
    id: string;
    /** Google's name of the accelerator. */
    accelerator: string;
    count: number;
    /** It is not part of the machine type: N1 only. */
    attached: boolean;
  } | null;
  markets: readonly Market[];
  /** Rarely there: no more is known. */
  rare: readonly Market[];
  diskType: 'pd-balanced' | 'hyperdisk-balanced';
}

const ALL: readonly Market[] = ['on-demand', 'spot', 'flex'];
const NO_FLEX: readonly Market[] = ['on-demand', 'spot'];
const NONE: readonly Market[] = [];

function family(o: {
  gpu: string;
  accelerator: string;
  types: Readonly<Record<string, number>>;
  markets?: readonly Market[];
  rare?: readonly Market[];
  diskType?: GcpMachineType['diskType'];
  attached?: boolean;
}): GcpMachineType[] {
  return Object.entries(o.types).map(([name, count]) => ({
    name,
    gpu: { id: o.gpu, accelerator: o.accelerator, count, attached: o.attached ?? false },
    markets: o.markets ?? ALL,
    rare: o.rare ?? NONE,
    diskType: o.diskType ?? 'pd-balanced',
  }));
}

const plain = (diskType: GcpMachineType['diskType'], ...names: string[]): GcpMachineType[] =>
  names.map((name) => ({ name, gpu: null, markets: NO_FLEX, rare: NONE, diskType }));

/**
 * What is offered, smallest first where several fit. Flex-start: accelerator-optimised types but A4X and G4. A3 with fewer than eight H100 is
 * not sold on demand; A3 Ultra and A4 hardly are. Hyperdisk is what G4, A3 Ultra (the default of Vertex AI's
 * DiskSpec), A4, N4 and C4 boot from.
 */
export const MACHINE_TYPES: readonly GcpMachineType[] = [
  ...family({
    gpu: 'A100-40GB',
    accelerator: 'nvidia-tesla-a100',
    types: { 'a2-highgpu-1g': 1, 'a2-highgpu-2g': 2, 'a2-highgpu-4g': 4, 'a2-highgpu-8g': 8 },
  }),
  ...family({
    gpu: 'A100-80GB',
    accelerator: 'nvidia-a100-80gb',
    types: { 'a2-ultragpu-1g': 1, 'a2-ultragpu-2g': 2, 'a2-ultragpu-4g': 4, 'a2-ultragpu-8g': 8 },
  }),
  ...family({
    gpu: 'H100',
    accelerator: 'nvidia-h100-80gb',
    types: { 'a3-highgpu-1g': 1, 'a3-highgpu-2g': 2, 'a3-highgpu-4g': 4 },
    markets: ['spot', 'flex'],
  }),
  ...family({ gpu: 'H100', accelerator: 'nvidia-h100-80gb', types: { 'a3-highgpu-8g': 8 } }),
  ...family({ gpu: 'H100', accelerator: 'nvidia-h100-mega-80gb', types: { 'a3-megagpu-8g': 8 } }),
  ...family({
    gpu: 'H200',
    accelerator: 'nvidia-h200-141gb',
    types: { 'a3-ultragpu-8g': 8 },
    rare: ['on-demand'],
    diskType: 'hyperdisk-balanced',
  }),
  ...family({
    gpu: 'B200',
    accelerator: 'nvidia-b200',
    types: { 'a4-highgpu-8g': 8 },
    rare: ['on-demand'],
    diskType: 'hyperdisk-balanced',
  }),
  ...family({
    gpu: 'L4',
    accelerator: 'nvidia-l4',
    types: {
      'g2-standard-4': 1,
      'g2-standard-8': 1,
      'g2-standard-12': 1,
      'g2-standard-16': 1,
      'g2-standard-32': 1,
      'g2-standard-24': 2,
      'g2-standard-48': 4,
      'g2-standard-96': 8,
    },
  }),
  ...family({
    gpu: 'RTXPRO6000-Server',
    accelerator: 'nvidia-rtx-pro-6000',
    types: { 'g4-standard-48': 1, 'g4-standard-96': 2, 'g4-standard-192': 4, 'g4-standard-384': 8 },
    markets: NO_FLEX,
    diskType: 'hyperdisk-balanced',
  }),
  ...family({
    gpu: 'T4',
    accelerator: 'nvidia-tesla-t4',
    types: { 'n1-standard-8': 1, 'n1-standard-16': 2, 'n1-standard-32': 4 },
    markets: NO_FLEX,
    attached: true,
  }),
  ...family({
    gpu: 'V100-16GB',
    accelerator: 'nvidia-tesla-v100',
    types: { 'n1-standard-8': 1, 'n1-standard-16': 2, 'n1-standard-32': 4, 'n1-standard-64': 8 },
    markets: NO_FLEX,
    attached: true,
  }),
  ...plain('pd-balanced', 'e2-standard-4', 'e2-standard-8', 'e2-standard-16'),
  ...plain('hyperdisk-balanced', 'n4-standard-8', 'n4-standard-16', 'c4-standard-8', 'c4-standard-16'),
];

/** Zones that are tried first for a GPU, in order; other zones that have it follow. */
export const PREFERRED_ZONES: Readonly<Record<string, readonly string[]>> = {
  H200: ['europe-west1-b', 'us-west1-c', 'us-east4-b', 'asia-south1-b', 'europe-west4-a'],
  B200: ['us-central1-b', 'us-east1-b', 'asia-northeast1-b', 'asia-southeast1-b', 'us-east4-b'],
  'RTXPRO6000-Server': ['us-central1-b'],
};

/**
 * The quota that a GPU draws on in its region, as the API names it. Not every GPU has one there (newer ones are counted elsewhere): what is not
 * listed is not known. Flex-start draws on the preemptible one.
 */
export function quotaMetric(accelerator: string, market: Market): { metric: string; fallback: string | null } {
  const named = accelerator.replace(/^nvidia-(tesla-)?/, '').replace(/^(h100|h200)(-mega)?-\d+gb$/, '$1$2');
  const metric = `NVIDIA_${named.replaceAll('-', '_').toUpperCase()}_GPUS`;
  return market === 'on-demand' || market === 'reserved'
    ? { metric, fallback: null }
    : { metric: `PREEMPTIBLE_${metric}`, fallback: metric };
}

/** The region of a zone: `us-central1` of `us-central1-a`. */
export const regionOf = (zone: string): string => zone.replace(/-[a-z]$/, '');
