import type { Io } from '@bench/core';
import { wantedOf } from '@bench/planner';
import { findOffers, type FoundOffers, type OpenProviders, type Wanted } from '@bench/provisioning';

/** Of every size, one without a price is left out by whoever rents; a queue mostly has none, and is no surprise. */
const NO_PRICE = 'its price is not known';

/** Providers of queue time that may be asked, by name. */
export function queuesOf(providers: OpenProviders, only: readonly string[] | null): string[] {
  const names = providers.list.filter(({ factory }) => factory.capabilities.workloads.includes('batch')).map(({ factory }) => factory.name);
  return only === null ? names : names.filter((name) => only.includes(name));
}

/** What queues have for jobs: `findOffers`, where one without a price is as good. `gpu` null: all of it. */
export async function queueOffers(o: {
  gpu: string | null;
  count: number;
  limits: Parameters<typeof wantedOf>[1];
  queues: readonly string[];
  providers: OpenProviders;
  io: Io;
}): Promise<FoundOffers & { wanted: Wanted }> {
  const { gpu, count, limits, queues, providers, io } = o;
  const wanted = wantedOf({ gpu, count }, { ...limits, providers: queues }, { kind: 'batch', script: '' });
  const found = await findOffers({ wanted, providers, io });
  const isFit = ({ reason }: { reason: string }) => reason === NO_PRICE && limits.maxPriceUsdPerHour === null && limits.maxCostUsd === null;
  return {
    ...found,
    wanted,
    candidates: [...found.candidates, ...found.refused.filter(isFit).map(({ offer }) => offer)],
    refused: found.refused.filter((one) => !isFit(one)),
  };
}
