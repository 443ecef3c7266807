import { findGpu, findGpus, groupBy, type GpuModel } from '@bench/core';
import { z } from 'zod';
import type { Offer, OfferQuery } from '../contract/offer.ts';
import { PROVIDER } from './explain.ts';
import type { GresGpus } from './gres.ts';
import type { SlurmNode } from './nodes.ts';
import type { SlurmSettings } from './settings.ts';

/** What a submission needs of the offer. */
export const offerDataSchema = z.object({
  partition: z.string(),
  /** `gpu:a100:2`; null: none. */
  gres: z.string().nullable(),
  /** The partition's limit, seconds. */
  timeLimitS: z.number().nullable(),
  /** How many nodes have it. */
  nodes: z.number(),
  /** How many of them have no job and take one, and how many have jobs and room beside them. */
  idle: z.number().default(0),
  mixed: z.number().default(0),
});
export type OfferData = z.output<typeof offerDataSchema>;

/** What an offer of this provider says of its partition; null: it is another's. */
export function partitionOf(offer: Offer): OfferData | null {
  return offer.provider === PROVIDER ? (offerDataSchema.safeParse(offer.data).data ?? null) : null;
}

/** The least that a GPU has whose memory nobody tells, GB: an offer must say something, and this promises nothing. */
const UNKNOWN_MEMORY_GB = 1;

/**
 * What the partitions have: an offer for each partition and type of GPU, of as many GPUs of one node as were asked for, or all of it; and one for each
 * partition that has nodes without GPUs. A partition is a region.
 */
export function toOffers(nodes: readonly SlurmNode[], o: { query: OfferQuery; settings: SlurmSettings; at: string }): Offer[] {
  const { query, settings, at } = o;
  if (query.workload !== 'batch' || !query.markets.includes('on-demand')) return [];
  const partitions = groupBy(nodes, ({ partition }) => partition);
  const offers: Offer[] = [];
  for (const [partition, all] of partitions) {
    if (query.regions.length > 0 && !query.regions.includes(partition)) continue;
    const first = preferenceOf(partition, all, settings);
    for (const type of new Set(all.flatMap((node) => node.gpus.map((gpu) => gpu.type)))) {
      const have = all.filter((node) => countOf(node, type) >= (query.count ?? 1));
      const name = settings.gpus[type ?? partition] ?? type ?? 'gpu';
      const known = findGpu(name);
      if (have.length === 0 || !isWanted(query.gpu, name, known)) continue;
      const count = query.count ?? Math.max(...have.map((node) => countOf(node, type)));
      offers.push(offerOf({ partition, nodes: have, gpu: { type, count, name, known }, settings, at, preference: first }));
    }
    const plain = all.filter((node) => node.gpus.length === 0);
    if (query.gpu === null && query.count === null && plain.length > 0) {
      offers.push(offerOf({ partition, nodes: plain, gpu: null, settings, at, preference: first }));
    }
  }
  return offers;
}

function countOf(node: SlurmNode, type: GresGpus['type']): number {
  return node.gpus.find((gpu) => gpu.type === type)?.count ?? 0;
}

/** A name that the catalogue does not know is for whoever looks at the answer. */
function isWanted(wanted: string | null, name: string, known: GpuModel | undefined): boolean {
  if (wanted === null || known === undefined) return true;
  const models = findGpus(wanted);
  return models.length === 0 ? wanted.toLowerCase() === name.toLowerCase() : models.some(({ id }) => id === known.id);
}

function preferenceOf(partition: string, nodes: readonly SlurmNode[], { partition: own }: SlurmSettings): number {
  if (own !== undefined) return partition === own ? 0 : 1;
  return nodes[0]?.isDefault === true ? 0 : 1;
}

function offerOf(o: {
  partition: string;
  nodes: readonly SlurmNode[];
  gpu: { type: string | null; count: number; name: string; known: GpuModel | undefined } | null;
  settings: SlurmSettings;
  at: string;
  preference: number;
}): Offer {
  const { partition, nodes, gpu, settings, at } = o;
  const perGpu = Object.hasOwn(settings.prices_usd_per_gpu_hour, partition) ? settings.prices_usd_per_gpu_hour[partition] : undefined;
  const what = gpu === null ? 'cpu' : `${gpu.count}x${gpu.type ?? 'gpu'}`;
  const least = (value: (node: SlurmNode) => number): number | null => {
    const smallest = Math.min(...nodes.map(value));
    return smallest > 0 && Number.isFinite(smallest) ? smallest : null;
  };
  const memoryMb = least((node) => node.memoryMb);
  const takers = nodes.filter(takesJobs);
  const data: OfferData = {
    partition,
    gres: gpu === null ? null : ['gpu', ...(gpu.type === null ? [] : [gpu.type]), gpu.count].join(':'),
    timeLimitS: nodes[0]?.timeLimitS ?? null,
    nodes: nodes.length,
    idle: takers.filter(({ state }) => state === 'idle').length,
    mixed: takers.filter(({ state }) => state === 'mix').length,
  };
  return {
    id: `${partition}/${what}`,
    provider: PROVIDER,
    instanceType: `${partition}, ${what}`,
    region: partition,
    zone: null,
    country: null,
    gpu:
      gpu === null
        ? null
        : {
            id: gpu.known?.id ?? null,
            name: gpu.name,
            vendor: gpu.known?.vendor ?? (/instinct|radeon|^mi\d/i.test(gpu.name) ? 'amd' : 'nvidia'),
            count: gpu.count,
            memoryGb: gpu.known?.memoryGb ?? UNKNOWN_MEMORY_GB,
            formFactor: gpu.known?.formFactor ?? null,
          },
    cpus: least((node) => node.cpus),
    memoryGb: memoryMb === null ? null : memoryMb / 1024,
    diskGb: null,
    priceUsdPerHour: perGpu === undefined || gpu === null ? null : perGpu * gpu.count,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: null,
    priceSource: { kind: 'user', name: 'providers.slurm.prices_usd_per_gpu_hour', at },
    market: 'on-demand',
    availability: availabilityOf(nodes),
    workloads: ['batch'],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: 'none',
    rentableUntil: null,
    preference: o.preference,
    data,
  };
}

const takesJobs = ({ usable, partitionUp }: SlurmNode): boolean => usable && partitionUp;

/** Full is not sold out: a job waits its turn. */
function availabilityOf(nodes: readonly SlurmNode[]): Offer['availability'] {
  const usable = nodes.filter(takesJobs);
  if (usable.length === 0) return 'none';
  return usable.some(({ state }) => state === 'idle' || state === 'mix') ? 'available' : 'low';
}
