import type { ClientSecond, SeriesRow } from '@bench/core';

/** What one worker saw of itself in the second `t` of its point. */
export type WorkerSecond = ClientSecond & { t: number };

/** The rows with what workers saw of themselves. What lies beyond the last row, a worker's way out, is left out. */
export function withClientSeconds(rows: readonly SeriesRow[], seconds: readonly WorkerSecond[]): SeriesRow[] {
  if (seconds.length === 0) return [...rows];
  const of: ClientSecond[][] = rows.map(() => []);
  for (const { t, ...its } of seconds) of[Math.max(0, t)]?.push(its);
  return rows.map((row, t) => ({ ...row, client: (of[t] as ClientSecond[]).sort((a, b) => a.worker - b.worker) }));
}

/**
 * What the workers of one of several clients saw, on the first client's seconds: moved by whole ones, which is at most half a second beside the truth.
 * @param byMs from its zero to the first client's
 * @param workers threads of the clients before it: a number stands for one thread of one client
 */
export function movedSeconds(rows: readonly SeriesRow[], { byMs, workers }: { byMs: number; workers: number }): WorkerSecond[] {
  const by = Math.round(byMs / 1000);
  return rows.flatMap(({ t, client = [] }) => client.map((its) => ({ ...its, t: t + by, worker: its.worker + workers })));
}
