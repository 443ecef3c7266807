import type { BenchError, Io } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { Machine } from '../contract/machine.ts';
import type { Offer } from '../contract/offer.ts';
import { deadlinesOf } from '../core/deadlines.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { connectMachine } from './connect-machine.ts';
import { endMachine } from './end-machine.ts';
import { pollerOf } from './poller.ts';
import type { PriceWatch } from './price-watch.ts';
import type { RentedMachine, RentEvent } from './types.ts';
import { failureOf } from './wait-running.ts';

const LOST_EVERY_MS = 30_000;

/** A machine that runs, as its user has it. Looks after it from now on. */
export function rentedMachine(o: {
  machine: Machine;
  offer: Offer;
  prices: PriceWatch;
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  times: RentedMachine['times'];
  on?: ((event: RentEvent) => void) | undefined;
}): RentedMachine {
  const { offer, prices, open, ledger, io, times, on } = o;
  const { ref, connection } = o.machine;
  const deadlines = deadlinesOf(open.factory, offer.market);
  const watching = new AbortController();
  let latest = o.machine;
  let ending: Promise<void> | null = null;

  const watched = { machine: o.machine, open, io, pollMs: deadlines.pollMs };
  const onLook = (machine: Machine): void => {
    latest = machine;
    prices.look(machine);
  };
  let taken: (error: BenchError) => void = () => undefined;
  const lost = new Promise<BenchError>((resolve) => (taken = resolve));
  void watch({ ...watched, everyMs: LOST_EVERY_MS, signal: watching.signal, onLook }).then((error) => error && taken(error));

  const suspect = async (withinMs: number): Promise<BenchError | null> => {
    const over = new AbortController();
    const signal = AbortSignal.any([watching.signal, over.signal, io.signal]);
    const late = io.sleep(withinMs, signal).then(
      () => null,
      () => null,
    );
    const closer = watch({ ...watched, everyMs: deadlines.pollMs, atOnce: true, signal, onLook });
    const error = await Promise.race([lost, closer, late]);
    over.abort();
    if (error) taken(error);
    return error;
  };

  const end = async (reason: string): Promise<void> => {
    watching.abort();
    on?.({ type: 'ending', name: ref.name, reason });
    await endMachine({ ref, open, ledger, io, market: offer.market, reason, invisibleUntilMs: null });
    on?.({ type: 'gone', name: ref.name });
  };

  return {
    name: ref.name,
    ref,
    offer,
    machine: () => latest,
    connection,
    expiresAt: open.factory.capabilities.nativeTtl ? o.machine.expiresAt : null,
    times,
    lost,
    suspect,
    connect: (options = {}) => connectMachine({ machine: latest, open, ledger, io, deadlines, signal: options.signal ?? io.signal }),
    logs: () => open.provider.logs?.(ref) ?? nothing(),
    end: (reason) =>
      (ending ??= end(reason).catch((error: unknown) => {
        // The next call tries again.
        ending = null;
        throw error;
      })),
    keep: (until) => ledger.hold(ref.name, { kind: 'lease', until: until.toISOString() }),
    release: () => watching.abort(),
  };
}

async function* nothing(): AsyncIterable<string> {}

/** Resolves with the reason when the machine is no longer there for us; null: watching was stopped. */
async function watch(o: {
  machine: Machine;
  open: OpenProvider;
  io: Io;
  /** Between looks at one that is there. */
  everyMs: number;
  /** Between looks at one that was not. */
  pollMs: number;
  /** The first look is taken now. Default: after `everyMs`. */
  atOnce?: boolean;
  signal: AbortSignal;
  onLook: (machine: Machine) => void;
}): Promise<BenchError | null> {
  const { ref } = o.machine;
  const poller = pollerOf(o.open.provider, o.io);
  let missing = 0;
  let afterMs = o.atOnce === true ? 0 : o.everyMs;
  for (;;) {
    const look = await poller.look(ref, afterMs, o.signal).catch(() => null);
    if (look === null) return null;
    missing = look.kind === 'gone' ? missing + 1 : look.kind === 'seen' ? 0 : missing;
    if (missing >= 2) {
      return providerError({ kind: 'failed', provider: ref.provider, op: 'observe', message: `${ref.name} disappeared`, scope: 'offer' });
    }
    afterMs = missing > 0 ? o.pollMs : o.everyMs;
    if (look.kind !== 'seen') continue;
    o.onLook(look.machine);
    const error = failureOf(look.machine);
    if (error) return error;
  }
}
