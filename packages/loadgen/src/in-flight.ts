import type { RequestRecord } from '@bench/core';

export interface InFlight {
  /** Sum of the times in flight, milliseconds. */
  totalMs: number;
  peak: number;
  /** Times at which the number changes, ascending, and the number from then on. */
  times: number[];
  counts: number[];
}

/** The exact number of requests in flight over time: from being sent to the end of the answer. */
export function inFlightOf(records: readonly RequestRecord[]): InFlight {
  const changes: { at: number; by: number }[] = [];
  let totalMs = 0;
  for (const { sentMs, endMs } of records) {
    if (endMs === null) continue;
    totalMs += endMs - sentMs;
    changes.push({ at: sentMs, by: 1 }, { at: endMs, by: -1 });
  }
  // At one instant, ends come before starts: a slot handed on is not two requests.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  const times: number[] = [];
  const counts: number[] = [];
  let now = 0;
  let peak = 0;
  for (const { at, by } of changes) {
    now += by;
    peak = Math.max(peak, now);
    if (times.at(-1) === at) counts[counts.length - 1] = now;
    else {
      times.push(at);
      counts.push(now);
    }
  }
  return { totalMs, peak, times, counts };
}

/** The first and the last time at which at least `level` requests were in flight; null: never. */
export function windowAbove({ times, counts }: InFlight, level: number): { fromMs: number; toMs: number } | null {
  const first = counts.findIndex((c) => c >= level);
  if (first < 0) return null;
  const last = counts.findLastIndex((c) => c >= level);
  return { fromMs: times[first] as number, toMs: times[last + 1] ?? (times[last] as number) };
}
