import type { MachineSpec } from '../../contract/machine.ts';
import type { Offer } from '../../contract/offer.ts';
import type { Wanted } from '../types.ts';

/** An offer for tests: two H200 for four dollars. */
export function sampleOffer(overrides: Partial<Offer> = {}): Offer {
  return {
    id: 'offer-1',
    provider: 'memory',
    instanceType: 'h200.2',
    region: 'here',
    zone: 'here-a',
    country: 'IS',
    gpu: { id: 'H200', name: 'H200', vendor: 'nvidia', count: 2, memoryGb: 141, formFactor: 'SXM' },
    cpus: 32,
    memoryGb: 256,
    diskGb: 1000,
    priceUsdPerHour: 4,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: null,
    priceSource: { kind: 'live', name: 'memory', at: '2026-01-01T00:00:00.000Z' },
    market: 'on-demand',
    availability: 'available',
    workloads: ['vm'],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: 'direct',
    rentableUntil: null,
    data: null,
    ...overrides,
  };
}

/** A spec for tests, of {@link sampleOffer}. */
export function sampleSpec(overrides: Partial<MachineSpec> & { name: string; owner: string }): MachineSpec {
  return {
    run: 'r123456789',
    offer: sampleOffer(),
    market: 'on-demand',
    sshPublicKeys: [],
    image: null,
    diskGb: 100,
    maxLifetimeS: 3600,
    expiresAt: '2026-01-01T01:00:00.000Z',
    bidUsdPerHour: null,
    workload: { kind: 'vm' },
    secrets: [],
    ...overrides,
  };
}

/** What tests want: machines like {@link sampleOffer}, whatever they cost. */
export function wanted(overrides: Partial<Wanted> = {}): Wanted {
  return {
    gpu: 'H200',
    count: 2,
    providers: null,
    regions: [],
    markets: ['on-demand'],
    maxPriceUsdPerHour: null,
    allowUnknownPrice: false,
    diskGb: 100,
    image: null,
    maxLifetimeS: 3600,
    bidUsdPerHour: null,
    workload: { kind: 'vm' },
    criteria: {},
    ...overrides,
  };
}
