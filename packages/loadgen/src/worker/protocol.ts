import type { LoadSpec } from '@bench/core';
import type { Calibration } from '../calibration.ts';
import type { WorkerSecond } from '../client-seconds.ts';
import type { LoadTarget } from '../target.ts';
import type { RequestTexts } from '../token-count.ts';
import type { TraceRequest } from '../trace.ts';
import type { PackedGaps } from './gap-list.ts';
import type { PackedRecords } from './packed-records.ts';

/** What a worker is born with. */
export interface WorkerSetup {
  id: number;
  workers: number;
  target: LoadTarget;
  load: LoadSpec;
  /** Of all clients; null: the load replays none. */
  trace: readonly TraceRequest[] | null;
  /** One `Int32Array` of {@link COUNTERS} per worker, read by the main thread while it runs. */
  counters: SharedArrayBuffer;
}

/** Places in a worker's live counters. */
export const COUNTERS = { sent: 0, ok: 1, failed: 2, cancelled: 3, outputTokens: 4 } as const;
export const COUNTER_COUNT = 5;

export type ToWorker =
  | { type: 'calibrate' }
  | { type: 'prepare'; calibration: Calibration }
  | { type: 'warmup' }
  /** Start measuring at this time of the machine's monotonic clock. */
  | { type: 'measure'; zeroMs: number }
  | { type: 'abort' }
  | { type: 'exit' };

export type FromWorker =
  | { type: 'calibrated'; calibration: Calibration }
  | { type: 'prepared' }
  | { type: 'warmed' }
  | { type: 'draining' }
  | { type: 'measured'; report: WorkerReport }
  | { type: 'failed'; code: string; message: string; hint: string | undefined };

/** Gaps are of the measured requests. */
export interface WorkerReport extends PackedGaps {
  /** Times are on the machine's monotonic clock. */
  records: PackedRecords;
  /** Of requests that ended well, where a tokenizer is to count them. */
  texts: RequestTexts[];
  self: SelfObservation;
  /** Prompts in the file that requests were drawn from; null: none. */
  promptEntries: number | null;
}

/** What a worker saw of itself while measuring. */
export interface SelfObservation {
  wallMs: number;
  cpuMs: number;
  /** Utilisation of the event loop, without the waiting that the pacer does by spinning. */
  elu: number;
  /** See `clientSecondSchema`. */
  busy: number;
  /** Null: the system does not tell. */
  cpuWaitMs: number | null;
  gcMs: number;
  loopDelayP99Ms: number;
  /** Dispatch minus schedule of each arrival that no cap held back, milliseconds; empty for closed loops. */
  lagsMs: Float32Array;
  seconds: WorkerSecond[];
}
