import { BenchError, type Io, messageOf } from '@bench/core';
import { type ExecutionGroup, wantedFor } from '@bench/planner';
import type { RentedMachine } from '@bench/provisioning';
import { BUILTIN_ENGINES } from '@bench/recipe';
import { errorFacts } from '../error-facts.ts';
import type { RunMachine } from '../machine.ts';
import { siteTargets } from '../targets.ts';
import { type Claim, isNoRoom } from './budget.ts';
import { machineFile } from './machine-file.ts';
import { machineNeed } from './machine-need.ts';
import { watchLifetime } from './lifetime.ts';
import { isLoss, PATIENCE_MS, type Rental, type RentalContext, type RentalOptions } from './rental.ts';
import { rentalLog } from './rental-log.ts';

/** Rents nothing yet: a deployment of it is a machine of its own, which load is sent to from here. */
export interface ContainerRental extends Rental {
  nextMachine: () => RunMachine;
}

const UNANSWERED = new Set(['BENCH_ALL_REQUESTS_FAILED', 'BENCH_ENGINE_SILENT']);
/** When the connection goes, every request fails before the provider says why. */
const maybeLost = (error: unknown) => isLoss(error) || (BenchError.is(error) && UNANSWERED.has(error.code));

export async function containerRental(o: {
  group: ExecutionGroup;
  options: RentalOptions;
  context: RentalContext;
  /** Each of its machines takes it. */
  claim: Claim;
  /** Of one that an earlier invocation rented: its number, so that its deployment is found there. */
  number?: number;
  /** And its name. */
  name?: string;
}): Promise<ContainerRental> {
  const { group, options, context, claim } = o;
  const { renter, writer, cloud, numbers, meter } = context;
  const gone = new AbortController();
  const io: Io = { ...context.io, signal: AbortSignal.any([context.io.signal, gone.signal]) };
  const local = await context.io.connect('local');
  const gpuCount = group.gpuCount;
  let current: RentedMachine | null = null;
  let lost: BenchError | null = null;
  let ending = false;
  /** Aborted with the machine that it belongs to: nobody listens to that one any more. */
  let watching = new AbortController();
  let number = o.number ?? numbers.next();
  let name = o.name ?? `container ${number}`;

  const markLost = (machine: RentedMachine, error: BenchError, add: ReturnType<typeof logOf>['add'] | null) => {
    if (current !== machine || ending || lost !== null) return;
    lost = error;
    add?.({ type: 'machine_lost', machine: number, name: machine.name, error: errorFacts(error, io) });
    options.tell({
      type: 'machine',
      machine: machine.name,
      group: group.index,
      state: 'lost',
      text: io.redact(error.message),
      priceUsdPerHour: null,
    });
    gone.abort(error);
  };
  const logOf = () =>
    rentalLog({
      writer,
      io: context.io,
      numbers: { ...numbers, of: (machine) => numbers.fix(machine, number) },
      meter,
      group: group.index,
      diskGb: cloud.diskGb,
      tell: options.tell,
    });
  const forget = () => {
    watching.abort();
    current = null;
  };
  const holdOn = async (machine: RentedMachine, log: ReturnType<typeof logOf>) => {
    forget();
    current = machine;
    const { signal } = (watching = new AbortController());
    listen(machine.lost, signal, (error) => markLost(machine, error, log.add));
    watchLifetime({
      rented: machine,
      maxLifetimeS: cloud.maxLifetimeS,
      io: context.io,
      signal,
      onOver: (error) => markLost(machine, error, null),
    });
    await writer.machine(number, machineFile(machine, {}, cloud.diskGb));
    log.add({ type: 'machine_ready', machine: number, name: machine.name });
    await log.written();
  };

  const place = (): RunMachine => ({
    index: number,
    name,
    kind: 'rented',
    host: local,
    system: {},
    gpuVendor: null,
    gpus: [],
    targets: siteTargets('cloud', {
      engines: context.look.engines ?? BUILTIN_ENGINES,
      cwd: context.look.cwd,
      workload: 'container',
    }),
    folders: { run: (run) => `/bench/${run}`, loads: (run) => `/bench/${run}/load`, models: '/bench/models' },
    rentals: {
      rent: async (workload, { secrets, signal }) => {
        const log = logOf();
        const stop = AbortSignal.any([io.signal, ...(signal ? [signal] : [])]);
        try {
          const machine = await whenThereIsRoom({ claim, signal: stop, tell: options.tell, group: group.index }, () =>
            renter.rent(wantedFor(group, cloud, workload), {
              signal: stop,
              on: log.on,
              secrets,
              admit: (offer) => claim.take(machineNeed(group, offer, context)),
            }),
          );
          await holdOn(machine, log).catch(async (error: unknown) => {
            await machine.end('it could not be written down');
            throw error;
          });
          return machine;
        } finally {
          await log.written().catch(() => undefined);
        }
      },
      adopt: async (kept) => {
        const log = logOf();
        const machine = await renter.adopt(kept, { signal: io.signal, on: log.on });
        if (machine === null) {
          meter.ended(kept);
          if (!log.gone(kept)) log.add({ type: 'machine_gone', machine: number, name: kept });
          await log.written();
          return null;
        }
        log.add({ type: 'machine_adopted', machine: number, name: kept });
        await holdOn(machine, log);
        return machine;
      },
    },
    facts: ({ runId, id, dir }) =>
      Promise.resolve({
        site: 'a rented container',
        gpuVendor: 'nvidia',
        gpus: Array.from({ length: gpuCount }, (_, i) => ({ id: String(i), name: group.gpu ?? '' })),
        freePorts: [],
        deploymentId: id,
        namePrefix: `bench-${runId}-${id}`,
        deploymentDir: dir,
        hostDir: `/bench/${id}`,
        modelDir: '/bench/models',
        expose: true,
        programs: {},
      }),
    close: () => local.close(),
  });

  const machine = place();
  return {
    machine,
    nextMachine: () => {
      forget();
      number = numbers.next();
      name = `container ${number}`;
      return place();
    },
    io,
    rented: () => current,
    lostBy: () => lost,
    judge: async (error) => {
      if (lost !== null || context.io.signal.aborted || current === null || !maybeLost(error)) return lost;
      await current.suspect(PATIENCE_MS);
      return lost;
    },
    end: async (reason) => {
      ending = true;
      watching.abort();
      try {
        await current?.end(reason);
        return null;
      } catch (error) {
        const { message, hint } = errorFacts(error, io);
        return `${current?.name}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
      } finally {
        await local.close().catch(() => undefined);
      }
    },
    keep: async (until) => {
      const kept = current;
      if (!kept) return;
      const log = logOf();
      await kept.keep(until);
      log.add({ type: 'machine_kept', machine: number, name: kept.name, until: until.toISOString() });
      await log.written();
      ending = true;
      watching.abort();
      kept.release();
      await local.close();
    },
  };
}

/** Nothing else could be done with the money meanwhile: it waits for machines of other groups to end. */
async function whenThereIsRoom<T>(
  o: { claim: Claim; signal: AbortSignal; tell: RentalOptions['tell']; group: number },
  rent: () => Promise<T>,
): Promise<T> {
  const { claim, signal, tell, group } = o;
  for (;;) {
    try {
      return await rent();
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      tell({ type: 'group_waits', group, reason: messageOf(error) });
      await claim.room(signal);
      signal.throwIfAborted();
    }
  }
}

/** Calls back once it resolves, unless the signal was aborted before: a machine that is long gone then holds on to nothing of its run. */
function listen<T>(promise: Promise<T>, signal: AbortSignal, then: (value: T) => void): void {
  let call: ((value: T) => void) | null = then;
  signal.addEventListener('abort', () => (call = null), { once: true });
  void promise.then((value) => call?.(value));
}
