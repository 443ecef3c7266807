import { formatDuration, type Io } from '@bench/core';
import type { RentedMachine } from '@bench/provisioning';
import { livesUntilMs } from './lifetime.ts';

/** Until when a machine is left up: for `keepS`, and no longer than it may live. What that cuts is told. */
export function keepUntil(
  rented: Pick<RentedMachine, 'name' | 'offer' | 'times'>,
  { keepS, maxLifetimeS }: { keepS: number; maxLifetimeS: number },
  io: Pick<Io, 'now' | 'monotonic' | 'logger'>,
): Date {
  const livesMs = Math.max(0, livesUntilMs(rented, maxLifetimeS) - io.monotonic());
  if (livesMs >= keepS * 1000) return new Date(io.now() + keepS * 1000);
  const until = new Date(io.now() + livesMs);
  io.logger.log(
    'warn',
    `${rented.name}: it is kept until ${until.toISOString()} and not for ${formatDuration(keepS * 1000)}: it may not live longer (--lifetime)`,
  );
  return until;
}
