import { BenchError } from '@bench/core';
import { providerErrorKind } from '@bench/provisioning';
import type { KeptDeployment } from './run-options.ts';

/** How a run goes. */
export interface Tally {
  measured: number;
  alreadyDone: number;
  failedTasks: number;
  /** Of those that failed, the ones for which no machine could be rented. */
  unrented: { tasks: number; error: BenchError }[];
  /** What could not be taken down, in words. */
  leftBehind: string[];
  /** What was left up, as asked. */
  kept: KeptDeployment[];
}

export function newTally(alreadyDone = 0): Tally {
  return { measured: 0, alreadyDone, failedTasks: 0, unrented: [], leftBehind: [], kept: [] };
}

/** Counts tasks that failed because of `error`. */
export function countFailed(tally: Tally, tasks: number, error: unknown): void {
  if (tasks === 0) return;
  tally.failedTasks += tasks;
  if (isUnrented(error)) tally.unrented.push({ tasks, error });
}

const NO_MACHINE = new Set(['BENCH_NO_OFFER', 'BENCH_NO_MACHINE', 'BENCH_MAX_COST']);
/** What a provider refuses to rent for; a machine that was there and went away is something else. */
const REFUSALS = new Set<string | null>(['auth', 'balance', 'quota', 'capacity', 'rate-limit', 'transient', 'unknown-outcome']);

function isUnrented(error: unknown): error is BenchError {
  return BenchError.is(error) && (NO_MACHINE.has(error.code) || REFUSALS.has(providerErrorKind(error)));
}

/** Why nothing at all could be measured, when all of it is that no machine could be rented; null: something was, or it is something else. */
export function nothingRented({ measured, alreadyDone, failedTasks, unrented }: Tally): BenchError | null {
  const unrentedTasks = unrented.reduce((sum, { tasks }) => sum + tasks, 0);
  if (failedTasks === 0 || measured + alreadyDone > 0 || unrentedTasks < failedTasks) return null;
  return unrented[0]?.error ?? null;
}
