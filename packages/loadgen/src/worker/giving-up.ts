import { prng, seedOf, type LoadSpec } from '@bench/core';
import type { Job } from './job.ts';

/** When a request is given up: once so many chunks of its answer have come, or so long after sending. */
export type GivingUp = { chunks: number } | { afterMs: number };

/** Output tokens that an answer is taken to have where no length is asked for. */
const EXPECTED_TOKENS = 128;

/** Whether and when the client gives this request up, as the load's seed says. Null: it waits for the whole answer. */
export function givingUp(
  { cancel, seed }: Pick<LoadSpec, 'cancel' | 'seed'>,
  { phase, ordinal, outputTokens }: { phase: Job['phase']; ordinal: number; outputTokens: number | null },
): GivingUp | null {
  if (!cancel || phase === 'warmup') return null;
  const random = prng(seedOf(seed, 'cancel', ordinal));
  if (random.next() >= cancel.ratio) return null;
  if (cancel.afterMs) return { afterMs: cancel.afterMs.min + random.next() * (cancel.afterMs.max - cancel.afterMs.min) };
  // The last token is the answer: whoever has it gives nothing up.
  return { chunks: random.integer(1, Math.max(1, (outputTokens ?? EXPECTED_TOKENS) - 1)) };
}
