import { type Io, messageOf } from '@bench/core';
import type { Machine } from '../contract/machine.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RentEvent } from './types.ts';

/** Tells, and writes into the ledger, what a machine says that it costs, when it is not what was known. */
export interface PriceWatch {
  /** The answer is what it costs, as far as is known. */
  look(machine: Machine): number | null;
  /** When all of it was tried to be written down. */
  written(): Promise<void>;
}

export function priceWatch(o: {
  known: number | null;
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  on?: ((event: RentEvent) => void) | undefined;
}): PriceWatch {
  const { open, ledger, io, on } = o;
  let { known } = o;
  let tail: Promise<void> = Promise.resolve();
  return {
    look: ({ ref: { name }, priceUsdPerHour: price, priceSource }) => {
      if (price === null || price <= 0 || price === known) return known;
      known = price;
      const source = priceSource ?? { kind: 'live', name: open.factory.title, at: new Date(io.now()).toISOString() };
      on?.({ type: 'price', name, priceUsdPerHour: price, priceSource: source });
      tail = tail
        .then(() => ledger.price(name, price, source))
        // What it costs is no reason to lose it: the ledger still has its name.
        .catch((error: unknown) => io.logger.log('warn', `${name}: its price is not in the ledger: ${messageOf(error)}`));
      return price;
    },
    written: () => tail,
  };
}
