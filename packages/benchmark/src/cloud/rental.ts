import { setMaxListeners } from 'node:events';
import { BenchError, formatDuration, type Host, type Io } from '@bench/core';
import { providerErrorKind, type RentContext, type RentedMachine, type Wanted } from '@bench/provisioning';
import type { Task } from '@bench/recipe';
import type { AskedCloud, RunWriter } from '@bench/results';
import { isAway } from '../deployments.ts';
import { errorFacts } from '../error-facts.ts';
import type { RunEvent } from '../events.ts';
import { lookAt, type OpenMachinesOptions, prepare, type RunMachine } from '../machine.ts';
import type { MachineLease } from './lease.ts';
import { livesUntilMs, watchLifetime } from './lifetime.ts';
import { machineFile } from './machine-file.ts';
import type { Meter } from './meter.ts';
import { rentalLog, type RentalLog, type RentalNumbers } from './rental-log.ts';
import type { Renter } from './renter.ts';

/** What renting needs of its run. */
export interface RentalContext {
  renter: Renter;
  writer: RunWriter;
  /** Its signal ends the whole run. */
  io: Io;
  cloud: AskedCloud;
  /** Nothing is measured on its machines. */
  deployOnly: boolean;
  numbers: RentalNumbers;
  meter: Meter;
  look: Omit<OpenMachinesOptions, 'io' | 'tasks' | 'on'>;
}

/** A rented machine that is ready for work, until it is ended or taken away. */
export interface Rental {
  /** Null: nothing is, just now (a container, between two deployments). */
  rented: () => RentedMachine | null;
  machine: RunMachine;
  /** Its signal also ends with the machine. */
  io: Io;
  /** Why it is lost; null: it is not, as far as is known. */
  lostBy(): BenchError | null;
  /** Asks, after an error, whether it was because the machine went away; `io.signal` is aborted then. */
  judge(error: unknown): Promise<BenchError | null>;
  /** Ends it. The answer is what could not be ended, in words, or null. */
  end(reason: string): Promise<string | null>;
  /** Leaves it up until then. */
  keep(until: Date): Promise<void>;
}

/** How long to ask, when a machine does not answer, whether its provider took it: some tell it a minute later. */
export const PATIENCE_MS = 90_000;

export interface RentalOptions {
  tasks: readonly Task[];
  /** Index of the execution group; null: of none in particular. */
  group: number | null;
  tell: (event: RunEvent) => void;
  /** Asked before each offer is rented. */
  admit?: RentContext['admit'];
}

/** Rents a machine and makes it ready. @throws BenchError of a provider, or why it could not be made ready; it is ended again then. */
export async function rentMachine(wanted: Wanted, options: RentalOptions, context: RentalContext): Promise<Rental> {
  const { renter, io } = context;
  const log = logOf(options, context);
  try {
    const rented = await renter.rent(wanted, { signal: io.signal, on: log.on, admit: options.admit });
    return await makeReady(rented, { fresh: true, log, options, context });
  } finally {
    // What the journal lacks the ledger has; a machine that is ready was written down before.
    await log.written().catch(() => undefined);
  }
}

/** Takes over a machine that an earlier invocation rented; null: it is gone. */
export async function adoptMachine(name: string, options: RentalOptions, context: RentalContext): Promise<Rental | null> {
  const { renter, io, numbers } = context;
  const log = logOf(options, context);
  const rented = await renter.adopt(name, { signal: io.signal, on: log.on });
  if (rented === null) {
    if (!log.gone(name)) log.add({ type: 'machine_gone', machine: numbers.of(name), name });
    context.meter.ended(name);
    await log.written();
    return null;
  }
  log.add({ type: 'machine_adopted', machine: numbers.of(name), name });
  return makeReady(rented, { fresh: false, log, options, context });
}

function logOf({ group, tell }: RentalOptions, { writer, io, numbers, meter, cloud }: RentalContext): RentalLog {
  return rentalLog({ writer, io, numbers, meter, group, diskGb: cloud.diskGb, tell });
}

interface Opening {
  fresh: boolean;
  log: RentalLog;
  options: RentalOptions;
  context: RentalContext;
}

async function makeReady(rented: RentedMachine, opening: Opening): Promise<Rental> {
  const { log, options, context } = opening;
  const { name } = rented;
  const index = context.numbers.of(name);
  const gone = new AbortController();
  const signal = AbortSignal.any([context.io.signal, gone.signal]);
  setMaxListeners(0, signal); // everything that is done on the machine listens to it
  const io: Io = { ...context.io, signal };
  let lost: BenchError | null = null;
  let ending = false;
  const over = new AbortController();
  const markLost = (error: BenchError, taken = true) => {
    if (lost !== null || ending) return;
    lost = error;
    // One that lived long enough, or is only out of reach, is there, and costs, until it is ended.
    if (taken) log.add({ type: 'machine_lost', machine: index, name, error: errorFacts(error, io) });
    options.tell({
      type: 'machine',
      machine: name,
      ...groupOf(options),
      state: 'lost',
      text: io.redact(error.message),
      priceUsdPerHour: null,
    });
    gone.abort(error);
  };
  void rented.lost.then((error) => markLost(error));
  watchLifetime({
    rented,
    maxLifetimeS: context.cloud.maxLifetimeS,
    io: context.io,
    signal: over.signal,
    onOver: (error) => markLost(error, false),
  });
  let host: Host | null = null;
  let machine: RunMachine | null = null;
  let lease: MachineLease | null = null;
  const end = async (reason: string): Promise<string | null> => {
    ending = true;
    over.abort();
    try {
      await rented.end(reason);
      if (!log.gone(name)) log.on({ type: 'gone', name });
      return null;
    } catch (error) {
      const { message, hint } = errorFacts(error, io);
      return `${name}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
    } finally {
      lease?.close();
      await (machine ?? host)?.close().catch(() => undefined);
      await log.written().catch(() => undefined);
    }
  };
  try {
    await log.written();
    host = await rented.connect({ signal: io.signal });
    machine = await lookedAt(host, rented, index, io, opening);
    const { leaseS, maxLifetimeS } = context.cloud;
    lease = (await context.renter.lease?.(rented, host, { leaseS, endsAtMs: livesUntilMs(rented, maxLifetimeS), io })) ?? null;
    await context.writer.machine(index, machineFile(rented, machine.system, context.cloud.diskGb));
    log.add({ type: 'machine_ready', machine: index, name });
    await log.written();
    const { priceUsdPerHour } = rented.offer;
    options.tell({ type: 'machine', machine: name, ...groupOf(options), state: 'ready', text: machine.host.name, priceUsdPerHour });
  } catch (error) {
    const left = await end('it could not be made ready');
    if (left !== null) throw notEnded(left, error);
    throw lost ?? error;
  }
  const ready = machine;
  return {
    rented: () => rented,
    machine: ready,
    io,
    lostBy: () => lost,
    judge: async (error) => {
      if (lost !== null || context.io.signal.aborted || !isAway(error)) return lost;
      const taken = await rented.suspect(PATIENCE_MS);
      // Interrupted, nobody asked to the end: what was heard says nothing of the machine.
      if (taken !== null || !context.io.signal.aborted) markLost(taken ?? (error as BenchError), taken !== null);
      return lost;
    },
    end,
    keep: async (until) => {
      const left = await lease?.leave(Math.max(1, (until.getTime() - context.io.now()) / 1000));
      if (left === false)
        io.logger.log(
          'warn',
          `${name}: the timer in it could not be set to ${until.toISOString()}: it may end the machine after ${formatDuration(context.cloud.leaseS * 1000)} already`,
          { hint: 'bench vm list shows whether it is there; bench teardown ends it' },
        );
      await rented.keep(until);
      log.add({ type: 'machine_kept', machine: index, name, until: until.toISOString() });
      await log.written();
      ending = true;
      over.abort();
      rented.release();
      await ready.close();
    },
  };
}

const groupOf = ({ group }: RentalOptions) => (group === null ? {} : { group });

/** Connects nothing: looks at an open host, and first brings what it lacks. */
async function lookedAt(host: Host, rented: RentedMachine, index: number, io: Io, o: Opening): Promise<RunMachine> {
  const { fresh, options, context } = o;
  const { name, offer } = rented;
  const { tasks } = options;
  const identity = { index, name, label: `${name} (${offer.provider})`, kind: 'rented' } as const;
  const look: OpenMachinesOptions = { ...context.look, io, tasks, on: options.tell };
  // A command brings what it needs; only a GPU that no driver drives is of no use to it.
  const commandsOnly = tasks.every((task) => task.kind === 'command');
  const needsGpu = tasks.some((task) => task.resolved.deploy.gpu !== undefined);
  const asksVersions = tasks.some((task) => task.resolved.deploy.driver_version ?? task.resolved.deploy.cuda_version);
  if (commandsOnly && !asksVersions) {
    const machine = await lookAt(host, identity, look);
    if (!needsGpu || machine.gpus.length > 0) return machine;
  }
  await prepare(host, look, { fresh, gpu: needsGpu ? (offer.gpu?.id ?? offer.gpu?.name ?? null) : null });
  return lookAt(host, identity, look);
}

function notEnded(left: string, cause: unknown): BenchError {
  return new BenchError({ code: 'BENCH_PROVIDER_CLEANUP', message: left, exitCode: 6, cause, details: { kind: 'cleanup' } });
}

/** A machine that could not be ended: nothing more is rented. */
export function isNotEnded(error: unknown): boolean {
  return providerErrorKind(error) === 'cleanup';
}

/** The machine was taken away, or went out of reach: another one may do better. */
export function isLoss(error: unknown): boolean {
  const kind = providerErrorKind(error);
  return kind === 'preempted' || kind === 'failed' || isAway(error);
}
