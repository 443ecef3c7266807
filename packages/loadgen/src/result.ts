import type { GapList, LoadPointResult, RequestRecord, SeriesRow } from '@bench/core';
import type { Calibration } from './calibration.ts';

/** `result.json` of a point without its place in the task. */
export type LoadSummary = Omit<LoadPointResult, 'point' | 'repeat'>;

export interface LoadResult {
  summary: LoadSummary;
  /** In index order, warm-up first. Times are milliseconds since the first measured request could be sent; a warm-up's are negative. */
  records: RequestRecord[];
  /** `chunks − 1` gaps a measured request. */
  gaps: GapList[];
  series: SeriesRow[];
  /** The zero of all times on the machine's monotonic clock (`process.hrtime`), milliseconds: what other stamps of this machine are lined up by. */
  zeroMonotonicMs: number;
  /** The same zero on the wall clock, epoch milliseconds; absent: only as `summary.startedAt` says. */
  zeroEpochMs?: number;
  /** Prompts in the file that requests were drawn from; null: none was. Absent: not known. */
  promptEntries?: number | null;
  /** What was learnt about the server; the next load on it may be given it. */
  calibration: Calibration;
}

export interface LoadProgress {
  phase: 'preparing' | 'warmup' | 'measuring' | 'draining' | 'done';
  /** Since the phase `measuring` began; before that, since the call. Milliseconds. */
  elapsedMs: number;
  sent: number;
  /** Ended well. */
  done: number;
  failed: number;
  /** Cancelled, most of them because the load asks for it. Absent: not told. */
  cancelled?: number;
  inFlight: number;
  /** Measured requests in all; null when the run ends by time. */
  total: number | null;
  /** Chunks so far. */
  outputTokens: number;
  /** Chunks in the last second. */
  tokensPerS: number;
  /** Until the last request is expected to end; null: not known yet. */
  etaMs: number | null;
}
