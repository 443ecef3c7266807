import type { LoadSpec, RequestRecord } from '@bench/core';

/** Less says nothing of a rate. */
const ENOUGH = 10;
/** A trace is uneven, and a late tenth of it is not made good by a quiet one. */
const TRACE_PARTS = 10;
/** What a busy machine's timers do to a schedule of a few milliseconds; a steady rate is judged over its whole length and needs no such mercy. */
const LATE_MS = 10;

/**
 * Achieved ÷ asked rate: the time the schedule takes ÷ the time sending took, 1 at most. Of stages the worst one's, each up to its last arrival; of a
 * trace the worst tenth's; of bursts with the pause after the last. Null: a closed loop, or too few arrivals.
 * @param measured records of measured requests
 */
export function achievedRate({ arrival }: Pick<LoadSpec, 'arrival'>, measured: readonly RequestRecord[]): number | null {
  if (arrival.kind === 'closed' || measured.length < ENOUGH) return null;
  if (arrival.kind === 'stages')
    return worstPart(
      arrival.stages.map((stage) => stage.durationMs),
      measured,
    );
  const { intendedMs, sentMs } = lastOf(measured);
  if (arrival.kind === 'trace') return worstPart(Array<number>(TRACE_PARTS).fill(intendedMs / TRACE_PARTS), measured);
  if (arrival.kind !== 'bursts') return sentMs > 0 ? Math.min(1, intendedMs / sentMs) : null;
  return kept(intendedMs + arrival.everyMs, sentMs - intendedMs);
}

/** @param partsMs lengths of the schedule's parts, one after another */
function worstPart(partsMs: readonly number[], measured: readonly RequestRecord[]): number | null {
  let worst: number | null = null;
  let fromMs = 0;
  for (const [i, durationMs] of partsMs.entries()) {
    const toMs = i === partsMs.length - 1 ? Number.POSITIVE_INFINITY : fromMs + durationMs;
    const its = measured.filter((r) => r.intendedMs >= fromMs && r.intendedMs < toMs);
    if (its.length >= ENOUGH) {
      const { intendedMs, sentMs } = lastOf(its);
      worst = Math.min(worst ?? 1, kept(intendedMs - fromMs, sentMs - intendedMs));
    }
    fromMs += durationMs;
  }
  return worst;
}

function kept(scheduleMs: number, lateMs: number): number {
  return lateMs <= LATE_MS ? 1 : scheduleMs / (scheduleMs + lateMs);
}

function lastOf(records: readonly RequestRecord[]): { intendedMs: number; sentMs: number } {
  let intendedMs = 0;
  let sentMs = 0;
  for (const r of records) {
    intendedMs = Math.max(intendedMs, r.intendedMs);
    sentMs = Math.max(sentMs, r.sentMs);
  }
  return { intendedMs, sentMs };
}
