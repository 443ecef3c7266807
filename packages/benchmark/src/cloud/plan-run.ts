import type { BenchError, Io } from '@bench/core';
import { type CloudPlan, type ExecutionGroup, machineKey, planCloud, planTasks, wantedFor } from '@bench/planner';
import { expectedPrice, findOffers, type FoundOffers, type Offer, rankOffers, refusalReasons } from '@bench/provisioning';
import type { Task } from '@bench/recipe';
import type { AskedCloud } from '@bench/results';
import { missingFiles } from '../missing-files.ts';
import { missingSecrets } from '../missing-secrets.ts';
import type { CloudAccess } from '../run-options.ts';
import { type Asking, groupRefusal, wishRefusal } from './refuse.ts';

export interface PlannedCloudRun extends CloudPlan {
  /** What was asked for. */
  cloud: AskedCloud;
  /** All that the plan was made of, those that do not fit too. */
  offers: Offer[];
  /** Providers that could not be asked, and why. */
  errors: FoundOffers['errors'];
  /** Why `runTasks` would refuse it: all of it (`group` null), or one of its groups by index. Empty: it would not. */
  refusals: { group: number | null; error: BenchError }[];
}

/** What tells one offer from another: a seller may have one id for several places or markets. */
export const offerKey = ({ provider, id, market, zone, region }: Offer): string => JSON.stringify([provider, id, market, zone ?? region]);

/**
 * What a run would rent and about what it would cost, by what is sold now. Asks the providers; rents nothing.
 * @param o.from the providers; or offers of an earlier time, and nobody is asked
 * @param o.only indices of the execution groups that are to be rented for. Default: all
 * @param o.deployOnly nothing is measured. Default false
 * @param o.keep machines are left up for `cloud.keepS`. Default false
 * @param o.asking what decides whether the tasks fit what is for rent; default: that is not looked at, and nothing is refused
 */
export async function planCloudRun(o: {
  tasks: readonly Task[];
  cloud: AskedCloud;
  from: Pick<CloudAccess, 'providers'> | { offers: readonly Offer[] };
  io: Io;
  only?: readonly number[] | undefined;
  deployOnly?: boolean | undefined;
  keep?: boolean | undefined;
  asking?: Asking | undefined;
}): Promise<PlannedCloudRun> {
  const { tasks, cloud, from, io, asking, only, deployOnly } = o;
  const keepS = o.keep ? cloud.keepS : undefined;
  const wanted = planTasks(tasks).groups.filter(({ index }) => only?.includes(index) ?? true);
  const found = 'offers' in from ? known(wanted, cloud, from.offers) : await ask({ groups: wanted, cloud, io, ...from });
  const all = [...found.values()].flatMap(({ candidates, refused }) => [...candidates, ...refused.map(({ offer }) => offer)]);
  const offers = 'offers' in from ? [...from.offers] : [...new Map(all.map((offer) => [offerKey(offer), offer])).values()];
  const errors = [...found.values()].flatMap((one) => one.errors);
  const plan = planCloud({ tasks, offers, only, limits: cloud, deployOnly, keepS, now: io.now(), rank: rankOffers, price: expectedPrice });
  const groups = plan.groups.map((planned) => ({
    ...planned,
    refused: refusalReasons(found.get(machineKey(planned.group))?.refused ?? []),
  }));
  return {
    ...plan,
    groups,
    cloud,
    offers,
    errors: [...new Map(errors.map((one) => [one.error.message, one])).values()],
    refusals: asking === undefined ? [] : await refusalsOf({ ...o, asking, found, groups: wanted }),
  };
}

async function refusalsOf(
  o: Parameters<typeof planCloudRun>[0] & { asking: Asking; found: ReadonlyMap<string, FoundOffers>; groups: readonly ExecutionGroup[] },
): Promise<PlannedCloudRun['refusals']> {
  const { tasks, cloud, from, io, asking, found, groups } = o;
  const problems = [...missingSecrets(tasks, { io, engines: asking.engines }), ...(await missingFiles(tasks, 'cloud'))];
  const whole = wishRefusal({ groups: [...groups] }, cloud, problems);
  if (whole) return [{ group: null, error: whole }];
  // Of what nobody knows nothing can be said.
  if ('offers' in from && from.offers.length === 0) return [];
  const closed = 'offers' in from ? [] : from.providers.closed;
  return groups.flatMap((group) => {
    const offers = found.get(machineKey(group));
    const error = offers && groupRefusal(group, { found: offers, closed, cloud, options: asking });
    return error ? [{ group: group.index, error }] : [];
  });
}

/** Offers of an earlier time, for each kind of machine; those that were asked for another one are left aside. */
function known(groups: readonly ExecutionGroup[], cloud: AskedCloud, offers: readonly Offer[]): Map<string, FoundOffers> {
  return new Map(
    groups.map((group) => {
      const { candidates, refused } = rankOffers(offers, wantedFor(group, cloud));
      const own = refused.filter(({ reason }) => !/^its GPU is |^it has (\d+ GPUs|no GPU)$/.test(reason));
      return [machineKey(group), { candidates, refused: own, errors: [], without: [] }];
    }),
  );
}

async function ask(o: {
  groups: readonly ExecutionGroup[];
  cloud: AskedCloud;
  providers: CloudAccess['providers'];
  io: Io;
}): Promise<Map<string, FoundOffers>> {
  const { groups, cloud, providers, io } = o;
  const wanted = new Map(groups.map((group) => [machineKey(group), wantedFor(group, cloud)]));
  const found = [...wanted].map(async ([key, one]) => [key, await findOffers({ wanted: one, providers, io })] as const);
  return new Map(await Promise.all(found));
}
