import type { Host, Io } from '@bench/core';
import { acquire, adoptRented, type RentContext, type RentedMachine, type RentEvent, type Wanted } from '@bench/provisioning';
import { leaseOf, type MachineLease } from './lease.ts';

/** How a run rents; the seam between what is measured and what is paid for. */
export interface Renter {
  /** As the user's limits allow, with failover. What was rented by then is ended when `signal` is aborted. @throws BenchError of a provider. */
  rent(
    wanted: Wanted,
    options: { signal: AbortSignal; on: (event: RentEvent) => void; secrets?: readonly string[]; admit?: RentContext['admit'] },
  ): Promise<RentedMachine>;
  /** One that an earlier invocation rented, by its name; null: it is gone. */
  adopt(name: string, options: { signal: AbortSignal; on: (event: RentEvent) => void }): Promise<RentedMachine | null>;
  /** A timer in the machine that ends it; null: there can be none. Absent: none is wanted. */
  lease?(rented: RentedMachine, host: Host, options: { leaseS: number; endsAtMs: number; io: Io }): Promise<MachineLease | null>;
}

export type RenterContext = Pick<RentContext, 'ledger' | 'providers' | 'io' | 'run' | 'runDir'>;

/** By the providers that are open, with the ledger as the record of what may cost. */
export function renterOf(context: RenterContext): Renter {
  return {
    rent: (wanted, { signal, on, secrets = [], admit }) => acquire(wanted, { ...context, signal, on, secrets, admit }),
    adopt: (name, { signal, on }) => adoptRented(name, { ...context, signal, on }),
    lease: (rented, host, options) => leaseOf({ rented, host, providers: context.providers, ...options }),
  };
}
