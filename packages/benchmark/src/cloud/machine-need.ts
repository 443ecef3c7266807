import { estimateGroup, type ExecutionGroup } from '@bench/planner';
import { expectedPrice, type Offer } from '@bench/provisioning';
import type { AskedCloud } from '@bench/results';
import type { MachineNeed } from './budget.ts';

/** What a group will take of what the run may cost, on a machine of that offer: the least that is likely. */
export function machineNeed(group: ExecutionGroup, offer: Offer, cloud: AskedCloud): MachineNeed {
  return { usdPerHour: expectedPrice(offer, cloud), seconds: leastSeconds(group, cloud, offer.market) };
}

/** How long a machine of the group will be there, at the least that is likely. */
export function leastSeconds(group: ExecutionGroup, { workload }: Pick<AskedCloud, 'workload'>, market: Offer['market']): number {
  return estimateGroup(group, { workload, market }).seconds.low;
}
