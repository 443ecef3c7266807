import { estimateGroup, type ExecutionGroup } from '@bench/planner';
import { expectedPrice, type Offer } from '@bench/provisioning';
import type { AskedCloud } from '@bench/results';
import type { MachineNeed } from './budget.ts';

/** What decides, besides the group, how long its machine will be there. */
export interface Need {
  cloud: AskedCloud;
  /** Nothing is measured on it. */
  deployOnly: boolean;
}

/** What a group will take of what the run may cost, on a machine of that offer: the least that is likely. */
export function machineNeed(group: ExecutionGroup, offer: Offer, need: Need): MachineNeed {
  return { usdPerHour: expectedPrice(offer, need.cloud), seconds: leastSeconds(group, need, offer.market) };
}

/** How long a machine of the group will be there, at the least that is likely. */
export function leastSeconds(group: ExecutionGroup, { cloud: { workload }, deployOnly }: Need, market: Offer['market']): number {
  return estimateGroup(group, { workload, market, deployOnly }).seconds.low;
}
