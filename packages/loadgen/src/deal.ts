import type { LoadSpec } from '@bench/core';
import { conversationPlan } from './conversations.ts';
import { arrivalTimes } from './schedule.ts';
import type { TraceRequest } from './trace.ts';

/** Slots: [from, to). */
export interface Slots {
  from: number;
  to: number;
}

/** Warm-up requests in flight at most when the load itself sets no cap. */
const OPEN_WARMUP_SLOTS = 16;

/** The slots of worker `worker`. The remainder goes to the first workers. */
export function slotsOf(slots: number, workers: number, worker: number): Slots {
  const share = Math.floor(slots / workers);
  const extra = slots % workers;
  const from = worker * share + Math.min(worker, extra);
  return { from, to: from + share + (worker < extra ? 1 : 0) };
}

/**
 * Does request `ordinal` belong to the worker? Dealt by slot, so that each worker's share of requests is as large as its
 * share of slots, and the requests of all workers together are the same for any number of workers.
 */
export function ownsOrdinal(ordinal: number, slots: number, mine: Slots): boolean {
  const slot = ordinal % slots;
  return slot >= mine.from && slot < mine.to;
}

/** What is one worker's of a load: of its client's share, where several clients send it. */
export interface WorkerDeal {
  /** Of the load's cap; null: it has none. */
  slots: Slots | null;
  /** Slots of the warm-up in all, and this worker's. */
  warmupSlots: number;
  warmup: Slots;
}

export function workerDeal(load: LoadSpec, workers: number, worker: number): WorkerDeal {
  const cap = load.maxConcurrency;
  const warmupSlots = Math.min(load.warmupRequests, cap ?? OPEN_WARMUP_SLOTS);
  const within = (slots: number): Slots => {
    const client = clientSlots(load, slots);
    const { from, to } = slotsOf(client.to - client.from, workers, worker);
    return { from: client.from + from, to: client.from + to };
  };
  return { slots: cap === null ? null : within(cap), warmupSlots, warmup: within(warmupSlots) };
}

/** The client's part of `slots`; all of them where the load is not shared. */
export function clientSlots({ share }: Pick<LoadSpec, 'share'>, slots: number): Slots {
  return slotsOf(slots, share?.of ?? 1, share?.client ?? 0);
}

/** Is measured request `ordinal`, or conversation, the client's? Under a cap each client has as large a part of the requests as of the slots; else they are dealt in turn. */
export function isClients(load: Pick<LoadSpec, 'share' | 'maxConcurrency'>, ordinal: number): boolean {
  const { share, maxConcurrency: cap } = load;
  if (!share) return true;
  return cap === null ? ordinal % share.of === share.client : ownsOrdinal(ordinal, cap, clientSlots(load, cap));
}

/** When an open loop's requests are due, all clients'; of conversations their first turns. Null: the loop is closed. @param trace the load's, where it has one */
export function dueTimes(load: LoadSpec, trace: readonly TraceRequest[] | null): Float64Array | null {
  const { arrival, seed, numPrompts, durationMs } = load;
  if (arrival.kind === 'closed') return null;
  if (arrival.kind === 'trace') return Float64Array.from(trace ?? [], (request) => request.atMs);
  const count = numPrompts === undefined ? undefined : (conversationPlan(load)?.count ?? numPrompts);
  return arrivalTimes({ arrival, seed, count, durationMs });
}

export interface OpenArrivalsOptions {
  load: LoadSpec;
  /** The load's, where it has one. */
  trace: readonly TraceRequest[] | null;
  workers: number;
  worker: number;
}

/** The worker's part of an open loop's schedule: every `workers`-th arrival of the client's, requests or conversations. Null: the loop is closed. */
export function openArrivals(options: OpenArrivalsOptions): { times: Float64Array; ordinals: number[] } | null {
  const { load, trace, workers, worker } = options;
  const all = dueTimes(load, trace);
  if (!all) return null;
  const clients = Array.from({ length: all.length }, (_, i) => i).filter((i) => isClients(load, i));
  const ordinals = clients.filter((_, i) => i % workers === worker);
  return { times: Float64Array.from(ordinals, (i) => all[i] as number), ordinals };
}

/** The requests, or conversations, below `total` of whoever has slots `mine`. */
export function* closedOrdinals(total: number, slots: number, mine: Slots): Generator<number> {
  // Without a slot it would look for ever for one of its own.
  if (mine.from >= mine.to) return;
  for (let i = 0; i < total; i++) if (ownsOrdinal(i, slots, mine)) yield i;
}
