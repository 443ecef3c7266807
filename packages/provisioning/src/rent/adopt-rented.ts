import { isDeepStrictEqual } from 'node:util';
import { BenchError, EXIT, type Io } from '@bench/core';
import type { Machine } from '../contract/machine.ts';
import type { Offer } from '../contract/offer.ts';
import { deadlinesOf } from '../core/deadlines.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { claimOf } from '../ledger/claim.ts';
import { isOver } from '../ledger/is-over.ts';
import { sameAccount } from './account.ts';
import { findMachine } from './create-machine.ts';
import { endMachine } from './end-machine.ts';
import { pollerOf } from './poller.ts';
import { priceWatch } from './price-watch.ts';
import { rentedMachine } from './rented-machine.ts';
import type { RentContext, RentedMachine } from './types.ts';
import { createOverMs, invisibleMs } from './visibility.ts';
import { failureOf, waitRunning } from './wait-running.ts';

const YOUNG_MS = 600_000;
const UNSEEN_LOOKS = 5;

/**
 * Takes over a machine that an earlier invocation rented, and waits until it runs. Null: it is gone; what was left of one that cannot be used
 * any more has been ended.
 * @throws BenchError `BENCH_MACHINE_BUSY` when a living process holds it; `BENCH_PROVIDER_UNKNOWN` when its provider is not open; `cleanup`, also when
 *   it was rented with another account
 */
export async function adoptRented(name: string, context: RentContext): Promise<RentedMachine | null> {
  const { ledger, providers, io, on } = context;
  const signal = context.signal ?? io.signal;
  const entry = await ledger.entry(name);
  if (!entry || isOver(entry)) return null;
  if (entry.owner !== ledger.owner) throw busy(name, `another computer (owner ${entry.owner})`);
  const { holder } = entry;
  const mine = isDeepStrictEqual(holder, ledger.self);
  const claim = mine || holder.kind === 'lease' ? null : await claimOf(entry, { ledger, io });
  if (claim !== null) throw busy(name, claim);
  const open = providers.get(entry.provider);
  const same = await sameAccount(entry, open, { signal });
  if (same !== true) throw same;
  if (!mine && !(await ledger.takeOver(name, holder))) throw busy(name, 'a process that has just taken it over');
  const { market } = entry.offer;

  const machine = await machineOf(entry, context, signal);
  if (machine === null) {
    if (entry.ref === null) await ledger.refused(name, 'it was never to be seen');
    // Not seeing it is no proof: it is told to end, and looked for again.
    else await endMachine({ ref: entry.ref, open, ledger, io, market, reason: 'it is not to be seen', invisibleUntilMs: null });
    return null;
  }
  if (entry.ref === null) await ledger.created(name, machine.ref);
  const offer = offerOf(entry, machine);
  const end = async (reason: string): Promise<null> => {
    on?.({ type: 'ending', name, reason });
    await endMachine({ ref: machine.ref, open, ledger, io, market, reason, invisibleUntilMs: null });
    on?.({ type: 'gone', name });
    return null;
  };
  if (entry.state === 'ending') return await end(entry.note ?? 'it was being ended');
  const over = failureOf(machine);
  if (over) return await end(over.message);
  const onState = (seen: Machine) => on?.({ type: 'state', name, offer, machine: seen });
  const running = await waitRunning({ machine, open, io, market, ports: null, invisibleUntilMs: null, signal, onState }).catch(
    async (error: unknown) => {
      // The user's stop leaves it to the next one; what did not come up is of no use to anybody.
      signal.throwIfAborted();
      await end(BenchError.is(error) ? error.message : 'it did not start');
      return null;
    },
  );
  if (running === null) return null;
  if (entry.runningAt === null) await ledger.running(name);
  const prices = priceWatch({ known: entry.priceUsdPerHour, open, ledger, io, on });
  prices.look(running);
  const times = { intentMs: ago(entry.intentAt, io), createdMs: ago(entry.createdAt ?? entry.intentAt, io), runningMs: io.monotonic() };
  on?.({ type: 'running', name, offer, machine: running });
  return rentedMachine({ machine: running, offer, prices, open, ledger, io, times, on });
}

/** As its provider has it now; null: gone, or never made. @throws when the provider cannot be asked */
async function machineOf(entry: LedgerEntry, { providers, io, ledger }: RentContext, signal: AbortSignal): Promise<Machine | null> {
  const open = providers.get(entry.provider);
  if (entry.ref === null) {
    const { market } = entry.offer;
    const found = await findMachine({ name: entry.name, owner: ledger.owner, open, io, market, fromMs: createOverMs(io), signal });
    signal.throwIfAborted();
    if (found.machine || found.certain) return found.machine;
    throw found.error ?? notSeen(entry);
  }
  const poller = pollerOf(open.provider, io);
  const { pollMs } = deadlinesOf(open.factory, entry.offer.market);
  // One that was made a moment ago may not be shown yet. A clock that jumped ahead makes it look older: nothing is ended for that.
  const young = io.now() - Date.parse(entry.changedAt) < YOUNG_MS;
  const invisibleUntilMs = io.monotonic() + (young ? invisibleMs(open.factory.capabilities) : 0);
  let unseen = 0;
  for (let pauseMs = 0; ; pauseMs = pollMs) {
    const look = await poller.look(entry.ref, pauseMs, signal);
    if (look.kind === 'seen') return look.machine.state === 'terminated' ? null : look.machine;
    if (look.kind === 'gone' && io.monotonic() >= invisibleUntilMs) return null;
    if (look.kind === 'unseen' && ++unseen > UNSEEN_LOOKS) throw look.error ?? notSeen(entry);
  }
}

function offerOf(entry: LedgerEntry, machine: Machine): Offer {
  return {
    ...entry.offer,
    provider: entry.provider,
    country: null,
    cpus: null,
    memoryGb: null,
    diskGb: entry.diskGb,
    priceUsdPerHour: entry.priceUsdPerHour,
    storageUsdPerGbMonth: entry.storageUsdPerGbMonth,
    diskInPrice: entry.diskInPrice,
    egressUsdPerGb: null,
    priceSource: entry.priceSource,
    availability: 'unknown',
    workloads: [machine.workload],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: machine.connection === null ? 'none' : 'direct',
    rentableUntil: null,
    data: null,
  };
}

/** A stamp of the ledger on the clock of this process; never later than now. */
const ago = (at: string, io: Io): number => io.monotonic() - Math.max(0, io.now() - Date.parse(at));

function busy(name: string, by: string): BenchError {
  return new BenchError({
    code: 'BENCH_MACHINE_BUSY',
    message: `machine ${name} is held by ${by}`,
    hint: 'wait for it, or stop it with Ctrl-C in its terminal',
    exitCode: EXIT.usage,
  });
}

function notSeen(entry: LedgerEntry): BenchError {
  return new BenchError({
    code: 'BENCH_MACHINE_UNSEEN',
    message: `${entry.provider} does not say whether machine ${entry.name} is there`,
    hint: 'try again later',
    retryable: true,
    exitCode: EXIT.provider,
  });
}
