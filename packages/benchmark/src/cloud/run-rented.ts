import { BenchError, EXIT } from '@bench/core';
import { type ExecutionGroup, machineKey, type Plan, wantedFor } from '@bench/planner';
import type { Offer, OpenProviders } from '@bench/provisioning';
import { errorFacts, oneLine } from '../error-facts.ts';
import type { RunEvent } from '../events.ts';
import { failGroup, runGroup } from '../lane.ts';
import type { LaneContext, Shared } from '../lane-context.ts';
import { newTally, nothingRented, type Tally } from '../tally.ts';
import type { Permission } from './permission.ts';
import { type Budget, type Claim, isNoRoom } from './budget.ts';
import { containerRental } from './container-rental.ts';
import { keepUntil } from './keep-until.ts';
import { describeGroup, groupTeller } from './group-log.ts';
import { leastSeconds, machineNeed } from './machine-need.ts';
import { isLifetimeOver } from './lifetime.ts';
import { isLoss, isNotEnded, rentMachine, type RentalContext } from './rental.ts';
import { closeRentedLane, rentedLane, type RentedLane, takenAway } from './rented-lane.ts';
import { rentedQueue } from './rented-queue.ts';
import { unfinishedGroups } from './unfinished-groups.ts';

export interface RentedContext extends LaneContext {
  plan: Plan;
  rentals: RentalContext;
  providers: OpenProviders;
  budget: Budget;
  /** Machines of earlier invocations that were taken over, with what is up on them. */
  adopted: readonly RentedLane[];
  nodeImage?: string | undefined;
  /** The other groups wait for a machine that is there; what is left of them at the end is asked for. */
  rents: Permission;
}

/** How often a group whose machine was taken away goes on on another one. */
const MAX_RECOVERIES = 2;

interface Pool {
  context: RentedContext;
  tally: Tally;
  progress: Shared['progress'];
  queue: ReturnType<typeof rentedQueue>;
  /** Why nothing more is rented; null: it is. */
  stopped: BenchError | null;
}

/**
 * Runs every group on a machine that is rented for it, several at a time. A machine is used again by a group that it fits exactly, and
 * ended otherwise before the next one is rented. One group's failure is its own.
 */
export async function runRented(context: RentedContext): Promise<Tally> {
  const pool: Pool = {
    context,
    tally: newTally(context.state.finished.size),
    progress: { position: 0 },
    queue: rentedQueue([]),
    stopped: null,
  };
  try {
    pool.queue = rentedQueue(await unfinishedGroups(context));
  } catch (error) {
    // What cannot be written down is not worked on, and nobody else would close these.
    const reason = 'the run could not be written down';
    await Promise.allSettled(context.adopted.map((lane) => closeRentedLane(lane, sharedOf(pool), { reason, keepUntil: null })));
    throw error;
  }
  await workOn(context.adopted, pool);
  const failed = await askForTheRest(pool);
  const reason = pool.stopped ?? failed ?? new BenchError({ code: 'BENCH_HOST_LOST', message: 'nothing more was rented' });
  for (const group of pool.queue.left()) await failGroup(group, reason, sharedOf(pool));
  return pool.tally;
}

/** As much of the queue as may be done: on these machines, and on such as may be rented. */
async function workOn(adopted: readonly RentedLane[], pool: Pool): Promise<void> {
  const { maxWorkers } = pool.context.rentals.cloud;
  const first = adopted.slice(0, Math.max(maxWorkers, 1));
  const spare = adopted.slice(first.length);
  const workers = Math.max(Math.min(maxWorkers, pool.queue.left().length), first.length);
  const ended = await Promise.allSettled([
    ...spare.map((lane) => closeRentedLane(lane, sharedOf(pool), { reason: 'more machines than are used at a time', keepUntil: null })),
    ...Array.from({ length: workers }, (_, i) => work(first[i] ?? null, pool)),
  ]);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

/** Groups whose machine turned out to be of no use: machines are rented for them where that is allowed. The answer: why it is not, or null. */
async function askForTheRest(pool: Pool): Promise<unknown> {
  const { context, queue, stopped } = pool;
  const groups = [...queue.left()];
  if (groups.length === 0 || stopped !== null || context.io.signal.aborted || groups.every(context.rents.given)) return null;
  try {
    await context.rents.ask({ groups });
  } catch (error) {
    return error;
  }
  await workOn([], pool);
  return null;
}

async function work(adopted: RentedLane | null, pool: Pool): Promise<void> {
  let lane = adopted;
  const { queue, context } = pool;
  try {
    while (!context.io.signal.aborted && pool.stopped === null) {
      const fitting = lane && queue.fitting(lane.key, lane.live?.key ?? null);
      const group: ExecutionGroup | null = fitting ?? queue.next(context.rents.given);
      if (!group) break;
      if (lane && !fitting) {
        const unfit = lane;
        lane = null;
        await closeRentedLane(unfit, sharedOf(pool), { reason: 'no group fits it any more', keepUntil: null });
        stopWhereLeft(pool);
        if (pool.stopped !== null) {
          await failGroup(group, pool.stopped, sharedOf(pool));
          break;
        }
      }
      lane?.claim.goOn(leastSeconds(group, context.rentals, 'on-demand'));
      const outcome = await runOne(group, lane, pool);
      lane = outcome.lane;
      // Whoever has a machine that it fits takes it meanwhile.
      await outcome.room;
    }
  } finally {
    if (lane) await closeRentedLane(lane, sharedOf(pool), { reason: endReason(pool), keepUntil: keptUntil(lane, context) });
  }
}

function endReason({ context }: Pool): string {
  if (context.budget.reached()) return 'the run reached what it may cost';
  return context.io.signal.aborted ? 'the run was interrupted' : 'its work is done';
}

/** Null: it is ended. */
function keptUntil({ rental }: RentedLane, { keep, io, rentals }: RentedContext): Date | null {
  const rented = keep ? rental.rented() : null;
  return rented && keepUntil(rented, rentals.cloud, io);
}

interface Outcome {
  /** The machine when it can be used again. */
  lane: RentedLane | null;
  /** The group waits in the queue again, until there may be room for its machine beside the others. */
  room?: Promise<void>;
}

/** One group to its end, on the given machine or on new ones. */
async function runOne(group: ExecutionGroup, given: RentedLane | null, pool: Pool): Promise<Outcome> {
  const { context } = pool;
  const teller = groupTeller({ writer: context.writer, group: group.index, redact: context.io.redact, on: context.on });
  const { tell } = teller;
  tell({ type: 'group_started', group: group.index, text: describeGroup(group) });
  const before = pool.tally.failedTasks;
  let failure: unknown = null;
  let lane = given;
  let waits = false;
  try {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await tryOnce(group, lane, pool, tell);
      lane = outcome.lane;
      failure = outcome.failure;
      if (outcome.room) {
        waits = true;
        pool.queue.putBack(group);
        return { lane: null, room: outcome.room };
      }
      if (outcome.lost === null) return { lane };
      const { lost } = outcome;
      const over = attempt > MAX_RECOVERIES;
      // It had a machine of its own for as long as one may live: the limit is not widened by a second one.
      const aged = isLifetimeOver(lost) && !(attempt === 1 && given !== null);
      if (over || aged || pool.stopped !== null || context.io.signal.aborted) {
        failure = over && !aged ? takenAway(attempt, lost) : (pool.stopped ?? lost);
        await failGroup(group, failure, sharedOf(pool, tell, group));
        return { lane: null };
      }
      tell({ type: 'group_again', group: group.index, attempt: attempt + 1, reason: oneLine(context.io.redact(lost.message)) });
    }
  } finally {
    const status = context.io.signal.aborted ? 'interrupted' : pool.tally.failedTasks > before ? 'failed' : 'done';
    const facts = failure === null ? null : errorFacts(failure, context.io);
    if (!waits)
      tell({
        type: 'group_ended',
        group: group.index,
        status: facts === null ? status : 'failed',
        reason: facts && oneLine(facts.message),
        ...(facts?.hint === undefined ? {} : { hint: facts.hint }),
      });
    await teller.written();
  }
}

interface Attempt {
  /** Of further use; null: it is ended. */
  lane: RentedLane | null;
  /** Why the machine went away; null: it did not. */
  lost: BenchError | null;
  /** Why the group had no machine; null: it had one, or the run was stopped. */
  failure: unknown;
  /** Another machine does not fit into what the run may cost just now. */
  room?: Promise<void>;
}

async function tryOnce(group: ExecutionGroup, given: RentedLane | null, pool: Pool, tell: (event: RunEvent) => void): Promise<Attempt> {
  const { context } = pool;
  let lane = given;
  const claim = given?.claim ?? context.budget.claim();
  try {
    lane ??= await rentFor(group, { pool, claim, tell });
  } catch (error) {
    claim.release();
    if (isNoRoom(error) && !context.io.signal.aborted) {
      tell({ type: 'group_waits', group: group.index, reason: errorFacts(error, context.io).message });
      return { lane: null, lost: null, failure: null, room: claim.room(context.io.signal) };
    }
    if (isNotEnded(error)) {
      pool.stopped = error as BenchError;
      pool.tally.leftBehind.push(errorFacts(error, context.io).message);
    }
    if (isLoss(error) && !context.io.signal.aborted) return { lane: null, lost: error as BenchError, failure: null };
    await failGroup(group, error, sharedOf(pool, tell, group));
    return { lane: null, lost: null, failure: context.io.signal.aborted ? null : error };
  }
  // What fails on a machine that goes away in the middle is tried again: only the last try counts.
  const own = newTally();
  const shared: Shared = { ...sharedOf(pool, tell, group), tally: own };
  shared.context = { ...shared.context, io: lane.rental.io };
  let lost: BenchError | null = null;
  let returned = false;
  try {
    await runGroup(group, lane, shared);
    returned = true;
  } finally {
    lost = lane.rental.lostBy();
    pool.tally.measured += own.measured;
    if (lost === null) {
      pool.tally.failedTasks += own.failedTasks;
      pool.tally.unrented.push(...own.unrented);
    }
    // Of a group that threw (a disk that is full) nobody but this has the machine.
    if (!returned || lost !== null || lane.closed !== null) {
      const gone = lane;
      lane = null;
      const reason = lost?.message ?? gone.closed ?? 'its work could not go on';
      await closeRentedLane(gone, sharedOf(pool, tell, group), { reason, keepUntil: null });
    }
    stopWhereLeft(pool);
  }
  // Of a container, which is rented with its deployment.
  return { lane, lost, failure: lost === null ? nothingRented(own) : null };
}

/** Luck is not pressed: where a machine could not be ended, no further one is rented. */
function stopWhereLeft(pool: Pool): void {
  const [left] = pool.tally.leftBehind;
  if (left === undefined || pool.stopped !== null) return;
  pool.stopped = new BenchError({
    code: 'BENCH_PROVIDER_CLEANUP',
    message: `nothing more is rented, for a machine could not be ended: ${left}`,
    exitCode: EXIT.cleanupIncomplete,
    details: { kind: 'cleanup' },
  });
}

async function rentFor(
  group: ExecutionGroup,
  { pool, claim, tell }: { pool: Pool; claim: Claim; tell: (event: RunEvent) => void },
): Promise<RentedLane> {
  const { context } = pool;
  const { rentals } = context;
  const { cloud } = rentals;
  const tasks = group.deployments.flatMap((planned) => planned.tasks);
  const admit = (offer: Offer) => claim.take(machineNeed(group, offer, rentals));
  const options = { tasks, group: group.index, tell, admit };
  const rental =
    cloud.workload === 'container'
      ? await containerRental({ group, options, context: rentals, claim })
      : await rentMachine(wantedFor(group, cloud), options, rentals);
  const { nodeImage, providers } = context;
  return rentedLane({ rental, claim, key: machineKey(group), live: null, nodeImage, providers, context: { ...context, on: tell } });
}

function sharedOf(pool: Pool, tell?: (event: RunEvent) => void, group?: ExecutionGroup): Shared {
  const { context, tally, progress } = pool;
  return {
    context: { ...context, ...(tell ? { on: tell } : {}), ...(group ? { group: group.index } : {}) },
    tally,
    progress,
    lost: new Map(),
  };
}
