import type { Io } from '@bench/core';
import type { Capabilities } from '../contract/provider.ts';

/** Added to the time that a provider needs to show a new machine. */
const MARGIN_MS = 10_000;
/** A create whose process was killed may still be on its way, or at work at its provider, for so long. */
const CREATE_MS = 30_000;

/** How long after a create call nobody may conclude from not seeing its machine that there is none, milliseconds. */
export function invisibleMs(capabilities: Pick<Capabilities, 'visibleWithinMs'>): number {
  return capabilities.visibleWithinMs + MARGIN_MS;
}

/**
 * When a create call is over at the latest, on `io.monotonic`: for whoever finds its intent in the ledger. It may have been sent a moment ago,
 * however old the intent is: rate limits are waited out before, for hours in a queue, and the wall clock may have jumped since.
 */
export function createOverMs(io: Pick<Io, 'monotonic'>): number {
  return io.monotonic() + CREATE_MS;
}
