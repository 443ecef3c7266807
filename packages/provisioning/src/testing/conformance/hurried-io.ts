import type { Io } from '@bench/core';

/**
 * An Io in which nobody waits: a sleep puts its clocks forward and calls `skip`, which does the same for a fake provider.
 * @param skip gets the milliseconds that pass
 */
export function hurriedIo(io: Io, skip: (ms: number) => void | Promise<void>): Io {
  let ahead = 0;
  return {
    ...io,
    now: () => io.now() + ahead,
    monotonic: () => io.monotonic() + ahead,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      ahead += ms;
      await skip(ms);
      // Others get a turn, and an abort a chance, as in a sleep.
      await io.sleep(0, signal);
    },
  };
}
