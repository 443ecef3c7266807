import { setTimeout as delay } from 'node:timers/promises';

/** What `look` sees once it is not null. @throws what `giveUp` answers with, or the signal's reason. */
export async function until<T>(
  look: () => Promise<T | null>,
  options: {
    pollMs: number;
    signal: AbortSignal;
    /** Asked after each look that saw nothing; an error ends the waiting, after a last look. */
    giveUp(): Promise<Error | null>;
    /** Called between two looks. */
    between?(): Promise<void>;
  },
): Promise<T> {
  const { pollMs, signal } = options;
  for (;;) {
    signal.throwIfAborted();
    const seen = await look();
    if (seen !== null) return seen;
    const error = await options.giveUp();
    if (error !== null) {
      // Whoever is over may have done it before.
      await options.between?.();
      const late = await look();
      if (late !== null) return late;
      throw error;
    }
    await delay(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    await options.between?.();
  }
}
