import type { Host } from '@bench/core';
import { epochMs } from '@bench/loadgen';

const ROUNDS = 4;
/** Halves of a millisecond: what is told is cut to whole ones. */
const CUT_MS = 0.5;

/** How a host's wall clock stands to this program's. */
export interface HostClock {
  /** Added to a time of this program gives the host's, milliseconds. */
  offsetMs: number;
  /** The offset is this sure, ± milliseconds: half of the time that the quickest answer took. */
  uncertaintyMs: number;
}

/** Asks a host for its time some times over; the quickest answer tells most. Null: it does not tell milliseconds, or does not answer. Never throws. */
export async function hostClock(host: Host, signal: AbortSignal): Promise<HostClock | null> {
  let best: HostClock | null = null;
  try {
    for (let i = 0; i < ROUNDS; i++) {
      const before = epochMs();
      const { stdout } = await host.exec({ argv: ['date', '+%s%3N'] }, { timeoutMs: 10_000, signal });
      const after = epochMs();
      const text = stdout.trim();
      // Some know no parts of a second, and print the letters.
      if (!/^\d{13}$/.test(text)) return null;
      const uncertaintyMs = (after - before) / 2 + CUT_MS;
      if (best === null || uncertaintyMs < best.uncertaintyMs)
        best = { offsetMs: Number(text) + CUT_MS - (before + after) / 2, uncertaintyMs };
    }
  } catch {
    // Until it is asked again, what was heard is what there is.
  }
  return best;
}
