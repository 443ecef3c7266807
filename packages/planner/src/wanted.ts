import { findGpu } from '@bench/core';
import type { Market, OfferCriteria, Wanted, Workload } from '@bench/provisioning';
import type { ExecutionGroup } from './plan.ts';

/** What a user allows to be rented; the members of `asked.cloud` of a run that decide over machines. */
export interface CloudLimits {
  /** Null: all that are open. */
  providers: readonly string[] | null;
  regions: readonly string[];
  markets: readonly Market[];
  maxPriceUsdPerHour: number | null;
  allowUnknownPrice: boolean;
  maxCostUsd: number | null;
  diskGb: number;
  image: string | null;
  maxLifetimeS: number;
  bidUsdPerHour: number | null;
  workload: 'vm' | 'container';
  criteria: OfferCriteria;
  /** Machines at a time. */
  maxWorkers: number;
}

/** How long a machine may cost on after it was told to go: part of what a run will have cost. */
export const TEARDOWN_ALLOWANCE_MS = 5 * 60_000;

/** Which container it will be does not matter to an offer. */
const ANY_CONTAINER: Workload = { kind: 'container', image: '', entrypoint: null, args: [], env: {}, ports: [] };

/** The machine that a group needs, within the user's limits. `workload`: default, any of the limits' kind. */
export function wantedFor(group: Pick<ExecutionGroup, 'gpu' | 'gpuCount'>, limits: CloudLimits, workload?: Workload): Wanted {
  // The one product that a host is checked for: a family's other members would be rented and then refused.
  const gpu = group.gpu === null ? null : (findGpu(group.gpu)?.id ?? group.gpu);
  return wantedOf({ gpu, count: group.gpuCount }, limits, workload);
}

/** A machine with that GPU, or any of that family, within the user's limits. `gpu` null: any machine. */
export function wantedOf({ gpu, count }: Pick<Wanted, 'gpu' | 'count'>, limits: CloudLimits, workload?: Workload): Wanted {
  const { providers, regions, markets, allowUnknownPrice, diskGb, image, maxLifetimeS, bidUsdPerHour, criteria } = limits;
  return {
    gpu,
    count,
    providers,
    regions,
    markets,
    maxPriceUsdPerHour: priceLimit(limits),
    allowUnknownPrice,
    diskGb,
    image,
    maxLifetimeS,
    bidUsdPerHour,
    workload: workload ?? (limits.workload === 'vm' ? { kind: 'vm' } : ANY_CONTAINER),
    criteria,
  };
}

/** For a whole machine: the user's, or the price at which starting and ending it would be all that the run may cost. */
export function priceLimit({ maxPriceUsdPerHour, maxCostUsd }: Pick<CloudLimits, 'maxPriceUsdPerHour' | 'maxCostUsd'>): number | null {
  const most = maxCostUsd === null ? null : maxCostUsd / ((2 * TEARDOWN_ALLOWANCE_MS) / 3_600_000);
  if (maxPriceUsdPerHour === null || most === null) return maxPriceUsdPerHour ?? most;
  return Math.min(maxPriceUsdPerHour, most);
}

/** Groups with equal keys can run one after another on the same machine. */
export function machineKey({ gpu, gpuCount, driverVersion, cudaVersion }: ExecutionGroup): string {
  return JSON.stringify([gpu, gpuCount, driverVersion, cudaVersion]);
}
