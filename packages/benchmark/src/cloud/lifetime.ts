import { BenchError, formatDuration, type Io } from '@bench/core';
import type { RentedMachine } from '@bench/provisioning';

const CODE = 'BENCH_LIFETIME';
/** A timer stands still while this computer is suspended, and machines do not: the clock is looked at so often. */
const LOOK_MS = 60_000;

/**
 * When a machine has lived as long as it may, on `io.monotonic`. One that waited in a queue lives from when it ran, which its provider counts.
 */
export function livesUntilMs({ offer, times }: Pick<RentedMachine, 'offer' | 'times'>, maxLifetimeS: number): number {
  return (offer.market === 'flex' ? times.runningMs : times.createdMs) + maxLifetimeS * 1000;
}

/**
 * Says when a machine has lived as long as it may, counted from its create; where its provider ends it by itself, that may come first. One
 * that waits in a queue lives from when it runs, which its provider counts: it is not looked at here.
 */
export function watchLifetime(o: {
  rented: Pick<RentedMachine, 'name' | 'offer' | 'times'>;
  maxLifetimeS: number;
  io: Pick<Io, 'sleep' | 'monotonic'>;
  /** Aborted: nobody wants to know any more. */
  signal: AbortSignal;
  onOver: (error: BenchError) => void;
}): void {
  const { rented, maxLifetimeS, io, signal, onOver } = o;
  if (rented.offer.market === 'flex') return;
  const until = livesUntilMs(rented, maxLifetimeS);
  const wait = async () => {
    for (let left = until - io.monotonic(); left > 0; left = until - io.monotonic()) await io.sleep(Math.min(left, LOOK_MS), signal);
    if (!signal.aborted) onOver(livedLongEnough(rented.name, maxLifetimeS));
  };
  // Only the signal ends it early.
  wait().catch(() => undefined);
}

/** The machine was ended because of its age: its group is not begun again on another one. */
export function isLifetimeOver(error: unknown): boolean {
  return BenchError.is(error) && error.code === CODE;
}

function livedLongEnough(name: string, maxLifetimeS: number): BenchError {
  return new BenchError({
    code: CODE,
    message: `machine ${name} has lived for ${formatDuration(maxLifetimeS * 1000)}, which is all that it may`,
    hint: 'what was measured is kept, and bench run --resume measures the rest; give --lifetime more, or fewer points to a group',
  });
}
