import type { ConcurrencyStage } from '@bench/core';

/**
 * When slot `slot`, from 0, may send, at `fromMs` or after it: milliseconds from the start of the stages. A slot is open while the concurrency is above its
 * number, so as many are open as the concurrency, rounded up. Null: not before the last stage ends.
 */
export function slotOpens(stages: readonly ConcurrencyStage[], slot: number, fromMs: number): number | null {
  let beginMs = 0;
  for (const { durationMs, concurrency, toConcurrency = concurrency } of stages) {
    const endMs = beginMs + durationMs;
    // Where the straight line from one concurrency to the other meets the slot's number.
    const crossMs = beginMs + (durationMs * (slot - concurrency)) / (toConcurrency - concurrency);
    const opensMs = concurrency > slot ? beginMs : toConcurrency > slot ? crossMs : endMs;
    const closesMs = toConcurrency >= concurrency || toConcurrency > slot ? endMs : concurrency > slot ? crossMs : beginMs;
    const at = Math.max(fromMs, opensMs);
    if (at < closesMs) return at;
    beginMs = endMs;
  }
  return null;
}
