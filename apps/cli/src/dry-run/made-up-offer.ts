import { findGpu } from '@bench/core';
import type { Offer, Wanted } from '@bench/provisioning';

/** An offer that nobody made, of what is wanted: a request can be shown without asking anybody. */
export function madeUpOffer(provider: string, wanted: Wanted): Offer {
  const model = wanted.gpu === null ? undefined : findGpu(wanted.gpu);
  return {
    id: 'OFFER',
    provider,
    instanceType: 'INSTANCE-TYPE',
    region: wanted.regions[0] ?? 'REGION',
    zone: wanted.regions[0] ?? 'ZONE',
    country: null,
    gpu:
      wanted.gpu === null
        ? null
        : {
            id: model?.id ?? null,
            name: model?.names[0] ?? wanted.gpu,
            vendor: model?.vendor ?? 'nvidia',
            count: wanted.count,
            memoryGb: model?.memoryGb ?? 0,
            formFactor: model?.formFactor ?? null,
          },
    cpus: null,
    memoryGb: null,
    diskGb: wanted.diskGb,
    priceUsdPerHour: null,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: null,
    priceSource: { kind: 'catalogue', name: 'made up', at: '1970-01-01T00:00:00.000Z' },
    market: wanted.markets[0] ?? 'on-demand',
    availability: 'unknown',
    workloads: [wanted.workload.kind],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: 'direct',
    rentableUntil: null,
    // What only its provider knows, the provider has words for.
    data: null,
  };
}
