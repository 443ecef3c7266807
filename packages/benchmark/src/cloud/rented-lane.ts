import { BenchError, type Io, messageOf, minuteText } from '@bench/core';
import type { OpenProviders } from '@bench/provisioning';
import { abandon, leaveUp, type Live, takeDown } from '../deployments.ts';
import type { Lane, LaneContext, Shared } from '../lane-context.ts';
import { loadPlaces } from '../load-places-of.ts';
import type { Claim } from './budget.ts';
import type { ContainerRental } from './container-rental.ts';
import { nothingEndsIt } from './nothing-ends-it.ts';
import type { Rental } from './rental.ts';

/** A lane whose machine was rented for it. */
export interface RentedLane extends Lane {
  rental: Rental;
  /** What it takes of what the run may cost; released with the machine. */
  claim: Claim;
  /** Groups whose key is equal can run on it. */
  key: string;
  /** Know what ends it when nobody does. */
  providers: OpenProviders;
}

/** How long the engine may take to go down before its machine is ended all the same. */
const STOP_MS = 120_000;

/** A machine that was rented for a group, or the right to rent one for each of its deployments. */
export function rentedLane(o: {
  rental: Rental;
  claim: Claim;
  key: string;
  live: Live | null;
  nodeImage: string | undefined;
  providers: OpenProviders;
  context: LaneContext;
}): RentedLane {
  const { rental, claim, key, live, nodeImage, providers, context } = o;
  const { machine, io } = rental;
  const nextMachine = 'nextMachine' in rental ? (rental as ContainerRental).nextMachine : undefined;
  return {
    rental,
    claim,
    key,
    providers,
    machine,
    closed: null,
    live,
    left: [],
    places: loadPlaces({ machine, runId: context.writer.run.id, nodeImage, selfcheck: context.selfcheck, io, on: context.on }),
    lost: rental.judge,
    ...(nextMachine ? { nextMachine } : {}),
  };
}

/** Ends what is on the machine, as far as that is quick, and the machine; or leaves both up until then. */
export async function closeRentedLane(lane: RentedLane, shared: Shared, o: { reason: string; keepUntil: Date | null }): Promise<void> {
  const { context, tally } = shared;
  const { rental, live } = lane;
  const lost = rental.lostBy();
  const { io } = context;
  const quick = lost !== null || lane.closed !== null || io.signal.aborted;
  const stop = async (): Promise<boolean> => {
    lane.live = null;
    if (live === null || quick) return false;
    return (await within(takeDown(live, context), io)) === null;
  };
  await within(
    lane.places.close().catch(() => []),
    io,
  );
  if (live && o.keepUntil !== null && !quick && live.deployment.exited() === null && (await keep(lane, live, shared, o.keepUntil))) return;
  // Where the machine goes, what is on it goes with it: taking it down first is for its logs and times only, and whatever comes of that the
  // machine is ended.
  const stopped = await stop().catch(() => false);
  if (!stopped) await live?.deployment.release().catch(() => undefined);
  const left = await rental.end(o.reason);
  lane.claim.release();
  if (left !== null) {
    tally.leftBehind.push(left, ...lane.left);
    return;
  }
  if (live && !stopped) await abandon(live, context);
  // Each of its deployments was a machine of its own.
  if (lane.nextMachine) tally.leftBehind.push(...lane.left);
  else for (const text of lane.left) io.logger.log('debug', `${text}; it went with its machine`);
}

/** Leaves engine and machine up; false: they cannot be, and must be ended. */
async function keep(lane: RentedLane, live: Live, { context, tally }: Shared, wanted: Date): Promise<boolean> {
  const { rental, claim } = lane;
  const { io } = context;
  try {
    const until = keptUntil(lane, wanted, io);
    if (until === null) return false;
    const kept = await leaveUp(live, context);
    await rental.keep(until);
    const rented = rental.rented();
    const endless = rented && nothingEndsIt({ rented, until, run: context.writer.run.id }, lane.providers);
    if (endless) io.logger.log('warn', `${rented.name}: ${endless.text}`, { hint: endless.hint });
    const price = rented && { name: rented.name, provider: rented.offer.provider, priceUsdPerHour: rented.offer.priceUsdPerHour };
    tally.kept.push({ ...kept, ...(price ? { rented: { ...price, until: until.toISOString() } } : {}) });
    return true;
  } catch (error) {
    claim.release();
    io.logger.log('warn', `${lane.machine.name}: it cannot be kept: ${io.redact(messageOf(error))}`);
    return false;
  }
}

/** Not beyond what the run may cost, nor beyond when its provider ends it; null: there is nothing left to keep it for. */
function keptUntil({ rental, claim, machine }: RentedLane, wanted: Date, io: Io): Date | null {
  const rented = rental.rented();
  if (rented === null) return wanted;
  const ends = rented.expiresAt === null ? Infinity : Date.parse(rented.expiresAt);
  const latest = claim.keep({ name: rented.name, untilMs: Math.min(wanted.getTime(), ends) });
  if (latest === null) {
    io.logger.log('warn', `${machine.name}: it is not kept: nothing of --max-cost is left for that`);
    return null;
  }
  // What is reckoned anew is no news.
  if (wanted.getTime() - latest < 1000) return wanted;
  const why = latest === ends ? 'then its provider ends it' : 'more would pass --max-cost';
  const until = new Date(latest);
  io.logger.log('warn', `${machine.name}: it is kept until ${minuteText(until.toISOString())} UTC, not longer: ${why}`);
  return until;
}

/** Undefined: it took longer, and goes on by itself. */
async function within<T>(work: Promise<T>, io: Io): Promise<T | undefined> {
  const over = new AbortController();
  // Not the signal that stops the run: that is when machines are ended.
  const late = io.sleep(STOP_MS, over.signal).catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late.then(() => undefined)]);
  } finally {
    over.abort();
  }
}

/** What a group fails with whose machines were taken away again and again. */
export function takenAway(times: number, last: BenchError): BenchError {
  return new BenchError({
    code: 'BENCH_PROVIDER_PREEMPTED',
    message: `its machine was taken away ${times} times; the last time: ${last.message}`,
    hint: 'try again later, or rent on demand instead of spot',
    exitCode: 4,
    cause: last,
    details: { kind: 'preempted' },
  });
}
