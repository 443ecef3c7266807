import { isGivenUp, isGood, type LoadSpec, messageOf, type PointResult, type RequestRecord } from '@bench/core';
import type { PointView, RunView } from '@bench/results';

/** Requests within limits. */
export interface GoodCount {
  good: number;
  /** Measured requests, without those that the client gave up because the load asks for it. */
  of: number;
}

/** Limits that are asked for when a report is made, and what meets them. */
export interface AskedSlo {
  limits: LoadSpec['slo'];
  /** Of each result whose requests were counted: all of them, and those of each class. Of others why they were not, in words. */
  counted: ReadonlyMap<PointResult, (GoodCount & { classes: ReadonlyMap<string, GoodCount> }) | string>;
}

/** Counts what meets the limits among the requests that runs kept, one point at a time; what `buildReport` takes as `slo`. */
export async function askSlo(
  runs: readonly RunView[],
  limits: LoadSpec['slo'],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<AskedSlo> {
  const counted = new Map<PointResult, (GoodCount & { classes: Map<string, GoodCount> }) | string>();
  for (const view of runs.flatMap(({ tasks }) => tasks.flatMap(({ points }) => points))) {
    signal?.throwIfAborted();
    const { entry, result } = view;
    // Only loads of bench's own have requests with these times.
    if (entry.status === 'ok' && result?.load) counted.set(result, await countPoint(view, result, limits));
  }
  return { limits, counted };
}

async function countPoint(view: PointView, result: PointResult, limits: LoadSpec['slo']) {
  let lost: string | null = null;
  let records: RequestRecord[];
  try {
    records = await view.requests((message) => (lost ??= message));
  } catch (error) {
    return (error as { code?: unknown }).code === 'ENOENT' ? 'its requests were not kept' : messageOf(error);
  }
  if (lost !== null) return lost;
  const measured = records.filter(({ phase }) => phase === 'measured');
  if (measured.length !== result.counts.sent) return `${measured.length} of its ${result.counts.sent} requests were kept`;
  const classes = new Map<string, GoodCount>();
  const all: GoodCount = { good: 0, of: 0 };
  for (const record of measured) {
    const own = record.class === undefined ? null : (classes.get(record.class) ?? { good: 0, of: 0 });
    if (own && record.class !== undefined) classes.set(record.class, own);
    const good = isGood(record, limits) ? 1 : 0;
    const of = isGivenUp(record) ? 0 : 1;
    for (const count of own ? [all, own] : [all]) {
      count.good += good;
      count.of += of;
    }
  }
  return { ...all, classes };
}
