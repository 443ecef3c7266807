import type { Io } from '@bench/core';

export interface SilenceOptions {
  io: Pick<Io, 'monotonic' | 'sleep'>;
  /** How long nothing may be heard. */
  limitMs: number;
  /** Ends the watch. */
  signal: AbortSignal;
}

export interface SilenceWatch {
  /** Something was heard. */
  heard(): void;
  /** While a chunk is being handed on, a reader who is slow is no silence. */
  busy<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves to true when nothing was heard for too long, to false when the watch was ended before. */
  readonly silent: Promise<boolean>;
}

/** Watches for a program that says nothing any more: of a collective that hangs, all ranks wait for ever. */
export function watchSilence({ io, limitMs, signal }: SilenceOptions): SilenceWatch {
  let last = io.monotonic();
  let working = 0;
  const watch = async () => {
    while (!signal.aborted) {
      if (working > 0) last = io.monotonic();
      const rest = last + limitMs - io.monotonic();
      if (rest <= 0) return true;
      await io.sleep(rest, signal).catch(() => undefined);
    }
    return false;
  };
  return {
    heard: () => {
      last = io.monotonic();
    },
    busy: async (work) => {
      working += 1;
      try {
        return await work();
      } finally {
        working -= 1;
        last = io.monotonic();
      }
    },
    silent: watch(),
  };
}
