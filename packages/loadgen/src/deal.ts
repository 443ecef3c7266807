/** The slots of worker `worker`: [from, to). The remainder goes to the first workers. */
export function slotsOf(slots: number, workers: number, worker: number): { from: number; to: number } {
  const share = Math.floor(slots / workers);
  const extra = slots % workers;
  const from = worker * share + Math.min(worker, extra);
  return { from, to: from + share + (worker < extra ? 1 : 0) };
}

/**
 * Does request `ordinal` belong to the worker? Dealt by slot, so that each worker's share of requests is as large as its
 * share of slots, and the requests of all workers together are the same for any number of workers.
 */
export function ownsOrdinal(ordinal: number, slots: number, mine: { from: number; to: number }): boolean {
  const slot = ordinal % slots;
  return slot >= mine.from && slot < mine.to;
}
