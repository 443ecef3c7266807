import { type Host, type Io, messageOf } from '@bench/core';
import { type OpenProviders, type RentedMachine, startLease } from '@bench/provisioning';

/** A timer inside the machine that ends it when nobody renews it. */
export interface MachineLease {
  /** Renewed one last time, for so long. False: it could not be, which is told; it runs out as it was. */
  leave(seconds: number): Promise<boolean>;
  /** Renews it no more: of a machine that could not be ended it runs out. */
  close(): void;
}

/** Starts the timer and renews it. One that cannot be set is told, and no reason to do without the machine: the ledger knows it all the same. */
export async function leaseOf(o: {
  host: Host;
  rented: Pick<RentedMachine, 'name' | 'ref'>;
  providers: OpenProviders;
  leaseS: number;
  /** On `io.monotonic`: past it the timer is never set. Default null: nobody said. */
  endsAtMs?: number | null;
  io: Io;
}): Promise<MachineLease | null> {
  const { host, rented, providers, leaseS, endsAtMs = null, io } = o;
  const { ref, name } = rented;
  const stop = new AbortController();
  try {
    const { provider, factory } = providers.get(ref.provider);
    const selfDestruct = provider.selfDestruct?.(ref) ?? null;
    if (selfDestruct === null && factory.capabilities.shutdown === 'never') return null;
    const lease = await startLease(host, { name, leaseS, endsAtMs, selfDestruct, io, signal: stop.signal });
    if (lease.afterRestart === null)
      io.logger.log(
        'warn',
        `${name}: should it restart, the timer in it is gone until bench is back: it has neither systemd nor cron, or we may not use them`,
        {
          hint: 'bench gc ends it then',
        },
      );
    return { leave: (seconds) => lease.leave(seconds), close: () => stop.abort() };
  } catch (error) {
    io.signal.throwIfAborted();
    io.logger.log('warn', `${name}: it will not end by itself if bench dies: ${io.redact(messageOf(error)).replace(`${name}: `, '')}`, {
      hint: 'bench gc ends it then',
    });
    return null;
  }
}
