import { findGpu, GPUS, normalizeGpuName, snapGpuMemoryGb } from '@bench/core';
import { z } from 'zod';
import type { Offer, OfferQuery } from '../contract/offer.ts';
import { PROVIDER } from './explain.ts';
import { type Driver, driverFor, type Image } from './images.ts';
import type { WireInstanceType, WireVariant } from './wire.ts';

const GIB = 1024 ** 3;

/** What `create` needs of an offer beside the rest. */
export const offerDataSchema = z.object({
  api_version: z.string(),
  instance_type: z.string(),
  datacenter: z.string(),
  image: z.string(),
  cloudinit: z.string(),
});

/** One offer for each datacenter in which a node of a variant is free. Slices of a GPU are left out, and what was not asked for. */
export function toOffers(
  types: readonly WireInstanceType[],
  o: { query: OfferQuery; at: string; apiVersion: string; imageFor: (driver: Driver) => Image },
): Offer[] {
  const { query } = o;
  return types
    .flatMap((type) =>
      type.variants
        .filter((variant) => variant.mig_profile == null)
        .flatMap((variant) =>
          Object.entries(variant.available_nodes_per_dc ?? {})
            .filter(([datacenter, nodes]) => (nodes ?? 0) > 0 && (query.regions.length === 0 || query.regions.includes(datacenter)))
            .map(([datacenter, nodes]) => offerOf({ type, variant, datacenter, nodes: nodes ?? 0, ...o })),
        ),
    )
    .filter(({ gpu }) => isWanted(gpu, query));
}

/** By canonical id or family; by its name, where the catalogue does not know it. */
function isWanted(gpu: Offer['gpu'], { gpu: wanted, count }: OfferQuery): boolean {
  if (count !== null && gpu?.count !== count) return false;
  if (wanted === null) return true;
  if (gpu === null) return false;
  const known = GPUS.find(({ id }) => id === gpu.id);
  return known === undefined ? normalizeGpuName(gpu.name) === normalizeGpuName(wanted) : [known.id, known.family].includes(wanted);
}

function offerOf(o: {
  type: WireInstanceType;
  variant: WireVariant;
  datacenter: string;
  nodes: number;
  at: string;
  apiVersion: string;
  imageFor: (driver: Driver) => Image;
}): Offer {
  const { type, variant, datacenter, nodes, at } = o;
  const cents = variant.cost_per_hour ?? 0;
  const publicIps = variant.ip_availability_per_dc?.[datacenter]?.public_ips;
  return {
    id: `${variant.name}@${datacenter}`,
    provider: PROVIDER,
    instanceType: variant.name,
    region: datacenter,
    zone: null,
    country: countryOf(datacenter),
    gpu: gpuOf(type, variant),
    cpus: variant.logical_cpu_count ?? variant.cpu_count ?? null,
    memoryGb: inGb(variant.dram),
    diskGb: inGb(variant.disk),
    // To a hundredth of a cent: what the division adds is no price.
    priceUsdPerHour: cents > 0 ? Math.round(cents * 100) / 10_000 : null,
    diskInPrice: true,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: null,
    priceSource: { kind: 'live', name: 'CloudRift', at },
    market: 'on-demand',
    availability: nodes === 1 ? 'low' : 'available',
    workloads: ['vm'],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: publicIps === false ? 'mapped' : 'direct',
    rentableUntil: null,
    data: {
      api_version: o.apiVersion,
      instance_type: variant.name,
      datacenter,
      ...o.imageFor(driverFor(variant.name, type.nvidia_kernel_module_support)),
    } satisfies z.output<typeof offerDataSchema>,
  };
}

function gpuOf(type: WireInstanceType, variant: WireVariant): Offer['gpu'] {
  const count = variant.gpu_count ?? 0;
  if (count <= 0) return null;
  const name = type.brand_short ?? type.name;
  const gb = (variant.vram ?? 0) / GIB;
  const known = findGpu(name, gb > 0 ? { memoryMiB: gb * 1024 } : {}) ?? findGpu(name);
  const amd = /amd/i.test(type.manufacturer ?? '') || /^(mi\d|instinct|radeon)/i.test(name);
  return {
    id: known?.id ?? null,
    name,
    vendor: known?.vendor ?? (amd ? 'amd' : 'nvidia'),
    count,
    memoryGb: known?.memoryGb ?? snapGpuMemoryGb(gb) ?? Math.round(gb),
    formFactor: known?.formFactor ?? null,
  };
}

const inGb = (bytes: number | null | undefined): number | null => (bytes == null || bytes <= 0 ? null : Math.round(bytes / GIB));

/** Datacenters are called `us-east-nc-nr-1`: a country comes first, where one does. */
function countryOf(datacenter: string): string | null {
  const [, country] = /^([a-z]{2})-/i.exec(datacenter) ?? [];
  return country === undefined || country.toLowerCase() === 'eu' ? null : country.toUpperCase();
}
