import { countEqual, diskUsdPerHour } from '@bench/core';
import type { Offer, RankedOffers, Wanted } from '@bench/provisioning';
import type { Task } from '@bench/recipe';
import { ASSUMPTIONS, estimateGroup, queueS, type Range } from './estimate.ts';
import { type ExecutionGroup, planTasks } from './plan.ts';
import { type CloudLimits, machineKey, wantedFor } from './wanted.ts';

/** One group, and what it would be rented on. */
export interface CloudGroup {
  group: ExecutionGroup;
  /** How many tasks, and points with their repeats. */
  tasks: number;
  points: number;
  /** What is tried first; null: nothing fits. */
  offer: Offer | null;
  /** What is tried next. */
  alternatives: Offer[];
  /** Why other offers will not do, and how many, most first. */
  refused: { reason: string; count: number }[];
  /** That its machine is there; null: there is none. */
  hours: Range | null;
  /** The machine and its disk. Null: no offer, or its price is not known. */
  usd: Range | null;
}

/** What a run would rent, and about what it would take. Nothing of it is a promise. */
export interface CloudPlan {
  groups: CloudGroup[];
  /** Of all machines together. */
  machineHours: Range;
  /** Until the run is over, with as many machines at a time as are allowed; waiting in queues included. */
  hours: Range;
  usd: Range;
  /** What stays up when the run is over, and is not in the figures above; null: nothing does. */
  kept: KeptMachines | null;
  /** A price is not known, that of a machine or of its disk, or a group has no offer: it is more than `usd`. */
  atLeast: boolean;
  /** When it was made, milliseconds since the epoch. */
  at: number;
  /** What is billed and not in `usd`, a line each. */
  notes: readonly string[];
  assumptions: readonly string[];
}

/** Machines that are left up when a run is over. */
interface KeptMachines {
  /** For no longer than this. */
  hours: number;
  /** Of as many as can be left, the dearest first, for all of that time or for what the run may cost; null: no price is known. */
  usd: number | null;
  /** A price is not known, that of a machine or of its disk: it may be more than `usd`. */
  atLeast: boolean;
}

const ALTERNATIVES = 3;

/**
 * Which machines a run would be on, by what is sold now, and an estimate of hours and dollars. Pure: it asks nobody and rents nothing. Each
 * group counts with a machine of its own, though one may be used again.
 * @param o.only indices of groups: the others need no machine. Default: all do
 * @param o.deployOnly nothing is measured. Default false
 * @param o.keepS how long the last machines are left up afterwards, seconds. Default: they are not
 * @param o.rank `rankOffers` of `@bench/provisioning`: the order in which offers are tried
 * @param o.price `expectedPrice` of `@bench/provisioning`: dollars an hour of a machine with its disk, null where nobody knows
 */
export function planCloud(o: {
  tasks: readonly Task[];
  offers: readonly Offer[];
  only?: readonly number[] | undefined;
  limits: CloudLimits;
  deployOnly?: boolean | undefined;
  keepS?: number | undefined;
  now: number;
  rank: (offers: readonly Offer[], wanted: Wanted) => RankedOffers;
  price: (offer: Offer, limits: CloudLimits) => number | null;
}): CloudPlan {
  const { offers, limits, deployOnly, keepS, now, rank, price } = o;
  const ranked = new Map<string, RankedOffers>();
  const rankedFor = (group: ExecutionGroup): RankedOffers => {
    const key = machineKey(group);
    const known = ranked.get(key) ?? rank(offers, wantedFor(group, limits));
    ranked.set(key, known);
    return known;
  };
  const planned = planTasks(o.tasks).groups.filter(({ index }) => o.only?.includes(index) ?? true);
  const groups = planned.map((group) => cloudGroup(group, rankedFor(group), { limits, deployOnly, price }));
  const zero = { low: 0, high: 0 };
  const machineHours = groups.reduce((sum, { hours }) => plus(sum, hours ?? zero), zero);
  const usd = groups.reduce((sum, group) => plus(sum, group.usd ?? zero), zero);
  return {
    groups,
    machineHours,
    hours: wallHours(groups, machineHours, limits.maxWorkers),
    usd,
    kept: keepS === undefined ? null : keptMachines(groups, { hours: keepS / 3600, spentUsd: usd.low, limits, price }),
    atLeast: groups.some(({ usd: own, offer }) => own === null || (offer !== null && isDiskUnknown(offer, limits))),
    at: now,
    notes: notesOf(groups, limits),
    assumptions: ASSUMPTIONS,
  };
}

function cloudGroup(
  group: ExecutionGroup,
  { candidates, refused }: RankedOffers,
  { limits, deployOnly, price: priceOf }: Pick<Parameters<typeof planCloud>[0], 'limits' | 'deployOnly' | 'price'>,
): CloudGroup {
  const [offer = null, ...others] = candidates;
  const { seconds, points } = estimateGroup(group, { workload: limits.workload, market: offer?.market ?? 'on-demand', deployOnly });
  const hours = { low: seconds.low / 3600, high: seconds.high / 3600 };
  const price = offer === null ? null : priceOf(offer, limits);
  return {
    group,
    tasks: group.deployments.reduce((sum, { tasks }) => sum + tasks.length, 0),
    points,
    offer,
    alternatives: others.slice(0, ALTERNATIVES),
    refused: countReasons(refused),
    hours: offer === null ? null : hours,
    usd: price === null ? null : { low: hours.low * price, high: hours.high * price },
  };
}

/** Each worker leaves its last machine, whichever that will be. */
function keptMachines(
  groups: readonly CloudGroup[],
  o: { hours: number; spentUsd: number; limits: CloudLimits; price: Parameters<typeof planCloud>[0]['price'] },
): KeptMachines | null {
  const { hours, spentUsd, limits, price } = o;
  const offers = groups.flatMap(({ offer }) => (offer === null ? [] : [offer]));
  if (offers.length === 0) return null;
  const prices = offers.flatMap((offer) => price(offer, limits) ?? []).toSorted((a, b) => b - a);
  const perHour = prices.slice(0, limits.maxWorkers).reduce((sum, one) => sum + one, 0);
  const most = limits.maxCostUsd === null ? Infinity : Math.max(0, limits.maxCostUsd - spentUsd);
  return {
    hours,
    usd: prices.length === 0 ? null : Math.min(perHour * hours, most),
    atLeast: prices.length < offers.length || offers.some((offer) => isDiskUnknown(offer, limits)),
  };
}

/** It bills beside its machine, and nobody says how much. */
const isDiskUnknown = (offer: Offer, { diskGb }: CloudLimits) => diskUsdPerHour({ ...offer, diskGb }) === null;

function notesOf(groups: readonly CloudGroup[], limits: CloudLimits): string[] {
  const offers = groups.flatMap(({ offer }) => (offer === null ? [] : [offer]));
  const disks = offers.filter((offer) => isDiskUnknown(offer, limits)).map(({ provider }) => provider);
  const traffic = offers.flatMap(({ provider, egressUsdPerGb: usd }) => {
    if (usd === 0) return [];
    return [usd == null ? `what ${provider} bills for what is sent out is not known` : `${provider} bills what is sent out, $${usd} a GB`];
  });
  return [
    ...new Set(disks.map((provider) => `${provider} bills disks beside its machines, and for how much is not known: not in the estimate`)),
    ...new Set(traffic.map((text) => `${text}: not in the estimate`)),
  ];
}

function wallHours(groups: readonly CloudGroup[], all: Range, maxWorkers: number): Range {
  const workers = Math.max(1, Math.min(maxWorkers, groups.length));
  const longest = (side: keyof Range) => groups.reduce((most, { hours }) => Math.max(most, hours?.[side] ?? 0), 0);
  const queue = groups.reduce((most, { offer }) => Math.max(most, offer ? queueS(offer.market).high / 3600 : 0), 0);
  return { low: Math.max(longest('low'), all.low / workers), high: Math.max(longest('high'), all.high / workers) + queue };
}

function countReasons(refused: RankedOffers['refused']): CloudGroup['refused'] {
  const counts = countEqual(refused.map(({ reason }) => reason));
  return counts.map(({ text, count }) => ({ reason: text, count }));
}

const plus = (a: Range, b: Range): Range => ({ low: a.low + b.low, high: a.high + b.high });
