import { type CloudAccess, planCloudRun, type PlannedCloudRun, type RunOptions } from '@bench/benchmark';
import type { Io } from '@bench/core';
import type { Task } from '@bench/recipe';
import type { AskedCloud } from '@bench/results';
import { knownOffers, rememberOffers } from './known-offers.ts';

/**
 * What a run on rented machines would take, with what is known of offers kept for the next time. Rents nothing.
 * @param o.asking what decides what a run would refuse; default: that is not looked at
 * @param o.deployOnly nothing is measured. Default false
 * @param o.keep machines are left up afterwards. Default false
 * @param o.providers null: nobody is asked, and offers are as they were last known
 */
export async function planOf(o: {
  tasks: readonly Task[];
  cloud: AskedCloud;
  providers: CloudAccess['providers'] | null;
  io: Io;
  /** Indices of the execution groups that are to be rented for. Default: all. */
  only?: readonly number[] | undefined;
  deployOnly?: boolean | undefined;
  keep?: boolean | undefined;
  asking?: Pick<RunOptions, 'asked' | 'engines' | 'cwd'> | undefined;
}): Promise<PlannedCloudRun> {
  const { providers, ...rest } = o;
  if (providers === null) return planCloudRun({ ...rest, from: { offers: await knownOffers() } });
  const plan = await planCloudRun({ ...rest, from: { providers } });
  await rememberOffers(plan.offers);
  return plan;
}
