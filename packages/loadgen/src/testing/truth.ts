import { percentileOfSorted } from '@bench/core';
import type { TruthRecord } from './options.ts';

/** A distribution of milliseconds. */
export interface TruthSpread {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** What a server did, in a few figures, by its own stamps. */
export interface TruthSummary {
  requests: number;
  /** How many ended how. */
  outcomes: Partial<Record<TruthRecord['outcome'], number>>;
  promptTokens: number;
  outputTokens: number;
  /** From headers read to first token written; null: there was none. */
  ttftMs: TruthSpread | null;
  /** From one token chunk written to the next. */
  gapMs: TruthSpread | null;
  /** From body read to slot. */
  queueMs: TruthSpread | null;
  /** The server's own lateness: when a token chunk was written minus when it was due. */
  latenessMs: TruthSpread | null;
}

/** Sums up what `TestServer.truth()` or `GET /truth` gives. Percentiles are numpy's linear ones. */
export function summarizeTruth(records: readonly TruthRecord[]): TruthSummary {
  const outcomes: TruthSummary['outcomes'] = {};
  for (const { outcome } of records) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const sum = (of: (record: TruthRecord) => number) => records.reduce((total, record) => total + of(record), 0);
  return {
    requests: records.length,
    outcomes,
    promptTokens: sum((r) => r.promptTokens),
    outputTokens: sum((r) => r.outputTokens),
    ttftMs: spread(records.flatMap(({ writesMs: [first], receivedMs }) => (first === undefined ? [] : [first - receivedMs]))),
    gapMs: spread(records.flatMap(({ writesMs }) => writesMs.slice(1).map((at, i) => at - (writesMs[i] as number)))),
    queueMs: spread(records.flatMap((r) => (r.startedMs === null || r.bodyMs === null ? [] : [r.startedMs - r.bodyMs]))),
    latenessMs: spread(records.flatMap(({ writesMs, dueMs }) => writesMs.map((at, i) => at - (dueMs[i] as number)))),
  };
}

/** Null: there are none. */
export function spread(values: number[]): TruthSpread | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (q: number) => percentileOfSorted(sorted, q);
  return { count: values.length, p50: at(50), p99: at(99), max: at(100) };
}
