import { type Io, percentile, withinTime } from '@bench/core';

const PROBES = 9;

/**
 * Median time of small requests on a kept connection: the server answers one in well under a millisecond, whatever the answer is. The
 * tunnel's own end is on this machine, so connecting to it would tell nothing. Null: no answer.
 */
export async function roundTripMs(url: string, io: Io, signal: AbortSignal): Promise<number | null> {
  const times: number[] = [];
  for (let i = 0; i <= PROBES && !signal.aborted; i++) {
    const from = io.monotonic();
    try {
      await withinTime({ timeoutMs: 5000, signal }, async (limit) =>
        (await io.fetch(url, { method: 'HEAD', signal: limit })).arrayBuffer(),
      );
    } catch {
      continue;
    }
    // The first one connects.
    if (i > 0) times.push(io.monotonic() - from);
  }
  return times.length === 0 ? null : percentile(times, 50);
}

export function tripText(rttMs: number | null): string {
  return rttMs === null ? 'a round trip that could not be measured' : `a round trip of ${rttMs.toFixed(1)} ms`;
}
