import type { Io } from '@bench/core';
import { type LoadResult, summarizeRecords } from '@bench/loadgen';
import type { Calibration, LoadOrder } from './load-place.ts';

/** What one knows of a tokenizer that was never asked: no load may be sent by it. */
const UNKNOWN: Calibration = {
  tokenizer: 'none',
  tokenize: null,
  leads: [],
  words: [],
  ids: null,
  templateTokens: 0,
  additive: false,
  features: { streamUsage: true, ignoreEos: true },
};

/** The result of a load that was stopped before anything was measured. */
export function nothingMeasured(order: LoadOrder, io: Io): LoadResult {
  const startedAt = new Date(io.now()).toISOString();
  return {
    summary: summarizeRecords({ load: order.load, records: [], gaps: [], startedAt, client: null, interrupted: true }),
    records: [],
    gaps: [],
    series: [],
    zeroMonotonicMs: 0,
    calibration: order.calibration ?? UNKNOWN,
  };
}

/** Did the load find anything out of the server, or was it told? */
export function hasLearnt({ calibration }: Pick<LoadResult, 'calibration'>): boolean {
  return calibration !== UNKNOWN;
}

/** Is this error nothing but the stop that was asked for? */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
}
