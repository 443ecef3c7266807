import { diskUsdPerHour } from '@bench/core';
import { type ExecutionGroup, machineKey, type Plan } from '@bench/planner';
import { isOver, type LedgerEntry } from '@bench/provisioning';
import { type JournalLine, rentedMachines, type RentedMachineView } from '@bench/results';
import { errorFacts } from '../error-facts.ts';
import type { LaneContext } from '../lane-context.ts';
import type { CloudAccess } from '../run-options.ts';
import { takeOver } from '../take-over.ts';
import { deploymentsWanted } from '../work-list.ts';
import type { Budget } from './budget.ts';
import { containerRental } from './container-rental.ts';
import { costingEntries, endEntry } from './end-entry.ts';
import { leastSeconds } from './machine-need.ts';
import { adoptMachine, type Rental, type RentalContext } from './rental.ts';
import { rentedLane, type RentedLane } from './rented-lane.ts';
import { writeGone } from './teardown-cloud.ts';

export interface AdoptContext {
  access: CloudAccess;
  events: readonly JournalLine[];
  plan: Plan;
  context: LaneContext;
  rentals: RentalContext;
  budget: Budget;
  nodeImage: string | undefined;
}

/**
 * Takes over every machine that earlier invocations of the run left, with what is up on it, before anything is rented. Which these are the
 * ledger knows; the journal may end before. What is of no use any more is ended.
 */
export async function adoptLanes(o: AdoptContext): Promise<RentedLane[]> {
  const { access, events, context } = o;
  const { writer, state } = context;
  const views = rentedMachines(events);
  await writeGone({ writer, views, access });
  const lanes: RentedLane[] = [];
  const left = await costingEntries(access.ledger, writer.run.id);
  // One after another: together they could be more than the run may have at a time, and each is looked at anyway.
  try {
    for (const entry of left) {
      // The rest is ended with the run.
      if (context.io.signal.aborted) break;
      const view = views.find(({ name }) => name === entry.name) ?? null;
      const lane = await adoptOne(entry, view, o);
      if (lane) lanes.push(lane);
    }
    // What was up on machines that are gone went with them.
    for (const { deployment, machine } of state.live)
      if (!lanes.some((lane) => lane.machine.index === machine)) await writer.event({ type: 'deployment_stopped', deployment });
    return lanes;
  } catch (error) {
    await Promise.allSettled(lanes.map((lane) => lane.rental.end('the run could not be written down')));
    throw error;
  }
}

async function adoptOne(entry: LedgerEntry, view: RentedMachineView | null, o: AdoptContext): Promise<RentedLane | null> {
  const { access, context } = o;
  const { io } = context;
  const group = o.plan.groups.find(({ index }) => index === view?.group) ?? null;
  try {
    const lane = group && view ? await laneOf(entry, { group, view }, o) : null;
    if (lane) return lane;
    // Nobody knows what it was for, or nothing on it can be used.
    const after = await access.ledger.entry(entry.name);
    if (after && !isOver(after)) await endEntry(after, { ...access, io, reason: 'the run has no use for it any more' });
    return null;
  } catch (error) {
    const { message } = errorFacts(error, io);
    const after = await access.ledger.entry(entry.name);
    // What still costs is ended with the run, at the latest.
    const ended = after && !isOver(after) ? '' : ', and was ended';
    io.logger.log('warn', `${entry.name} could not be used again${ended}: ${message}`);
    return null;
  } finally {
    if (view) await writeGone({ writer: context.writer, views: [view], access });
  }
}

async function laneOf(
  entry: LedgerEntry,
  { group, view }: { group: ExecutionGroup; view: RentedMachineView },
  o: AdoptContext,
): Promise<RentedLane | null> {
  const { context, rentals, budget, nodeImage } = o;
  const tasks = group.deployments.flatMap((planned) => planned.tasks);
  const options = { tasks, group: group.index, tell: context.on };
  const container = rentals.cloud.workload === 'container';
  const claim = budget.claim();
  const rental = container
    ? await containerRental({ group, options, context: rentals, claim, number: view.machine, name: entry.name })
    : await adoptMachine(entry.name, options, rentals);
  if (rental === null) return null;
  const live = await liveOn(rental, o);
  // A container without its deployment is nothing.
  if (container && live === null) {
    await rental.end('nothing on it can be used');
    return null;
  }
  const { priceUsdPerHour } = entry;
  const usdPerHour = priceUsdPerHour === null ? null : priceUsdPerHour + (diskUsdPerHour(entry) ?? 0);
  claim.hold({ usdPerHour, seconds: leastSeconds(group, rentals, entry.offer.market) });
  context.on({
    type: 'machine',
    machine: entry.name,
    group: group.index,
    state: 'adopted',
    text: 'still there, used again',
    priceUsdPerHour,
  });
  return rentedLane({
    rental,
    claim,
    key: machineKey(group),
    live,
    nodeImage,
    providers: o.access.providers,
    context: { ...context, io: rental.io },
  });
}

async function liveOn(rental: Rental, { plan, context }: AdoptContext) {
  const { state, deployOnly } = context;
  const mine = { ...state, live: state.live.filter(({ machine }) => machine === rental.machine.index) };
  if (mine.live.length === 0) return null;
  const left: string[] = [];
  const { taken } = await takeOver({
    state: mine,
    machines: [rental.machine],
    wanted: deploymentsWanted(plan, state, deployOnly),
    context: { ...context, io: rental.io },
    leftBehind: left,
  });
  if (left.length === 0) return taken[0] ?? null;
  // An engine that cannot be ended would be measured with: its machine is not used.
  await rental.end(left.join('; '));
  throw new Error(left.join('; '));
}
