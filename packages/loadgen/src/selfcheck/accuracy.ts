import type { ClientAccuracy } from '@bench/core';
import type { Selfcheck } from './run-selfcheck.ts';

/** A self-check of the machine that sends, and when it was made. */
export interface DatedSelfcheck extends Selfcheck {
  /** ISO 8601. */
  checkedAt: string;
}

/** The client's own error at so many requests in flight: that of the first level with as many streams, else of the highest. Null: no streams were checked. */
export function accuracyAt({ levels, tokensPerS, checkedAt }: DatedSelfcheck, inFlight: number): ClientAccuracy | null {
  const checked = levels.flatMap(({ level, error }) =>
    level.kind === 'streams' && error.ttftMs ? [{ streams: level.streams, error }] : [],
  );
  const at = checked.find(({ streams }) => streams >= inFlight) ?? checked.at(-1);
  if (!at) return null;
  const { ttftMs: ttft, itlMs: itl, tpotMs: tpot } = at.error;
  return {
    checkedAt,
    streams: at.streams,
    tokensPerS,
    ttftP50Ms: ttft?.p50 ?? 0,
    ttftP99Ms: ttft?.p99 ?? 0,
    itlP50Ms: itl?.p50 ?? 0,
    itlP99Ms: itl?.p99 ?? 0,
    tpotP99Ms: tpot?.p99 ?? 0,
  };
}
