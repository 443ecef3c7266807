import type { Arrival, LoadSpec } from '@bench/core';
import { clientSlots } from './deal.ts';
import type { TraceRequest } from './trace.ts';

/** Token events a second that a worker reads where nothing is known of the machine: 99th percentiles stay within a few milliseconds there. */
const EVENTS_PER_S = 25_000;
/** Of streams only the number is known; each is taken to bring so many tokens a second. */
const TOKENS_PER_S = 50;
/** A request costs about as much as so many token events: it is built, written, and its answer is begun and ended. */
const EVENTS_PER_REQUEST = 5;

export interface WorkerCountOptions {
  /** Named by the caller; undefined: by the load. */
  asked: number | undefined;
  load: LoadSpec;
  /** The load's, where it has one. */
  trace: readonly TraceRequest[] | null;
  /** Token events a second that one worker can read. Default 25 000. */
  capacity: number | undefined;
  cores: number;
}

/** Threads that send a load: enough for its streams and for the events of its arrivals, one less than there are cores at most, 1 at least. */
export function workerCount({ asked, load, trace, capacity = EVENTS_PER_S, cores }: WorkerCountOptions): number {
  const mine = load.maxConcurrency === null ? null : clientSlots(load, load.maxConcurrency);
  const slots = mine === null ? null : mine.to - mine.from;
  const streams = slots ?? (load.arrival.kind === 'bursts' ? load.arrival.size : 0);
  const eventsPerS = Math.max(streams * TOKENS_PER_S, arrivingEventsPerS(load, trace));
  const wanted = asked ?? Math.min(Math.ceil(eventsPerS / Math.max(1, capacity)), cores - 1);
  // A worker without a slot would have nothing to do.
  return Math.max(1, Math.min(Math.floor(wanted), slots ?? Number.POSITIVE_INFINITY));
}

/** Events that arrivals bring a second at their highest rate, if the server keeps up; 0: a closed loop. Of a shared load this client's part. */
function arrivingEventsPerS(load: LoadSpec, trace: readonly TraceRequest[] | null): number {
  const { min, max } = load.conversations?.turns ?? { min: 1, max: 1 };
  const rate = (peakRatePerS(load.arrival, trace) * (min + max)) / 2 / (load.share?.of ?? 1);
  return rate * ((load.stream ? outputTokens(load, trace) : 1) + EVENTS_PER_REQUEST);
}

function peakRatePerS(arrival: Arrival, trace: readonly TraceRequest[] | null): number {
  if (arrival.kind === 'closed') return 0;
  if (arrival.kind === 'stages') return Math.max(...arrival.stages.map(({ ratePerS, toRatePerS }) => Math.max(ratePerS, toRatePerS ?? 0)));
  if (arrival.kind === 'bursts') return (arrival.size / arrival.everyMs) * 1000;
  if (arrival.kind !== 'trace') return arrival.ratePerS;
  const lastMs = trace?.at(-1)?.atMs ?? 0;
  return lastMs > 0 ? ((trace?.length ?? 0) / lastMs) * 1000 : 0;
}

/** Of an answer, as far as the load says; of what the server decides a common length is taken. */
function outputTokens({ data }: LoadSpec, trace: readonly TraceRequest[] | null): number {
  const unknown = 128;
  if (data.kind === 'trace')
    return trace && trace.length > 0 ? trace.reduce((sum, each) => sum + each.outputTokens, 0) / trace.length : unknown;
  return data.outputTokens ? (data.outputTokens.min + data.outputTokens.max) / 2 : unknown;
}
