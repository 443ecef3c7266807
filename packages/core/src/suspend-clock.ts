/** Looked at no more often, milliseconds. */
const LOOK_MS = 1000;
/** Uptimes are rounded, to a whole second in places: less than that is no suspend. */
const LEAST_MS = 5000;

/**
 * A monotonic clock that goes on while the computer is suspended (a closed lid), as what is rented does: to `awake` it adds by how much `up` has
 * grown more since this was called. Never goes back. Where `up` tells nothing (it throws, or stands still) it is `awake`.
 * @param o.awake milliseconds, monotonic; stops in a suspend, or does not
 * @param o.up milliseconds since the computer started, suspends included
 */
export function suspendClock(o: { awake: () => number; up: () => number }): () => number {
  const aheadBy = (now: number): number => {
    try {
      return o.up() - now;
    } catch {
      return NaN;
    }
  };
  let suspendedMs = 0;
  let lookedAt = o.awake();
  let ahead = aheadBy(lookedAt);
  return () => {
    const now = o.awake();
    if (now - lookedAt >= LOOK_MS) {
      lookedAt = now;
      const seen = aheadBy(now);
      const grown = seen - ahead;
      if (grown >= LEAST_MS) {
        suspendedMs += grown;
        ahead = seen;
      }
    }
    return now + suspendedMs;
  };
}
