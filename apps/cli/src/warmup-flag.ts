import { type LoadSpecInput, parseDuration, TIMED_WARMUP_REQUESTS } from '@bench/core';
import { InvalidArgumentError } from '@commander-js/extra-typings';

export type Warmup = Pick<LoadSpecInput, 'warmupRequests' | 'warmupMs'>;

/** `--warmup`: a number of requests (`32`), or a time (`30s`, `1m30s`). @throws InvalidArgumentError */
export function warmup(text: string): Warmup {
  if (/^\d+$/.test(text)) return { warmupRequests: Number(text) };
  try {
    const warmupMs = parseDuration(text);
    if (warmupMs > 0) return { warmupRequests: TIMED_WARMUP_REQUESTS, warmupMs };
  } catch {
    // Told below, together with what else it may be.
  }
  throw new InvalidArgumentError('expected a number of requests, or a time such as 30s.');
}
