import type { AskedCloud } from '@bench/results';

/** What tests ask for: machines on demand for at most ten dollars an hour, two at a time. */
export function askedCloud(more: Partial<AskedCloud> = {}): AskedCloud {
  return {
    providers: null,
    regions: [],
    markets: ['on-demand'],
    maxPriceUsdPerHour: 10,
    allowUnknownPrice: false,
    maxCostUsd: null,
    diskGb: 100,
    image: null,
    maxLifetimeS: 3600,
    bidUsdPerHour: null,
    workload: 'vm',
    criteria: {},
    maxWorkers: 2,
    leaseS: 1800,
    keepS: 3600,
    ...more,
  };
}
