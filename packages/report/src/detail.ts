import { messageOf, PERCENTILES, prng, type Distribution, type RequestRecord, type SeriesRow } from '@bench/core';
import type { GapList, PointView, RunView } from '@bench/results';
import type { TaskGroup } from './groups.ts';
import type { ReportRow, RowDistribution } from './rows.ts';
import { sampledCourses, type SampledCourses } from './sampled.ts';

/** A cumulative distribution, thinned out: `quantiles[i]` is the value below which a share of `SHARES[i]` lies. */
export interface Curve {
  quantiles: number[];
  /** Where it comes from: every sample, or the stored percentiles alone. */
  from: 'samples' | 'summary';
}

/** What the charts of one point are drawn from; a few kilobytes however long the run was. */
export interface PointDetail {
  row: ReportRow;
  ttft: Curve | null;
  itl: Curve | null;
  /** Of the first measured repeat. */
  series: { bucketS: number; rows: SeriesRow[]; sampled: SampledCourses } | null;
  /** What could not be read, in words. */
  problems: { path: string; message: string }[];
}

/** Every half per cent, and the tail. */
export const SHARES: readonly number[] = [...Array.from({ length: 200 }, (_, i) => i / 200), 0.999, 1];

/** Buckets of time that a course is drawn with. */
export const MAX_SERIES = 240;

/** Gaps that a curve is drawn from; of more, a random sample is taken. The percentiles beside it are of all. */
const MAX_GAPS = 200_000;

/** Reads requests, gaps and series of the given rows, one point at a time, and keeps only what the charts need. */
export async function readDetails(
  runs: readonly RunView[],
  group: TaskGroup,
  rows: readonly ReportRow[],
  { signal, buckets = MAX_SERIES }: { signal?: AbortSignal | undefined; buckets?: number } = {},
): Promise<PointDetail[]> {
  const task = runs
    .find((view) => view.run.id === group.first.runId)
    ?.tasks.find((t) => t.file.key === group.first.taskKey && t.file.variant === group.first.variant);
  const details: PointDetail[] = [];
  for (const row of rows) {
    signal?.throwIfAborted();
    const views = (task?.points ?? []).filter((view) => view.entry.point === row.point && view.entry.status === 'ok' && view.result);
    details.push(await readDetail(row, views, buckets));
  }
  return details;
}

async function readDetail(row: ReportRow, views: readonly PointView[], most: number): Promise<PointDetail> {
  const problems: PointDetail['problems'] = [];
  const attempt = async <T>(view: PointView, what: string, read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      problems.push({ path: `${row.recipe}/${row.variant}/${view.entry.path}`, message: `${what} could not be read: ${messageOf(error)}` });
      return null;
    }
  };
  const ttft: number[] = [];
  const itl: Sample[] = [];
  for (const view of views) {
    const path = `${row.recipe}/${row.variant}/${view.entry.path}`;
    const requests = (await attempt(view, 'requests', () => view.requests((message) => problems.push({ path, message })))) ?? [];
    const gaps = (await attempt(view, 'gaps', () => view.gaps())) ?? [];
    for (const r of requests) if (isResult(r) && r.firstTokenMs !== null) ttft.push(r.firstTokenMs - r.sentMs);
    collectItl(requests, gaps, { into: itl, max: MAX_GAPS / views.length });
  }
  const first = views[0];
  const series = first ? await attempt(first, 'the per-second series', () => first.series()) : null;
  const buckets = series && series.length > 0 ? bucketed(series, most) : null;
  const telemetry = (first && (await attempt(first, 'telemetry', () => first.telemetry()))) ?? [];
  return {
    row,
    ttft: ttft.length > 0 ? curve(ttft.map((value) => ({ value, weight: 1 }))) : summaryCurve(row.distributions.ttft_ms),
    itl: itl.length > 0 ? curve(itl) : summaryCurve(row.distributions.itl_ms),
    series: buckets && { ...buckets, sampled: sampledCourses(telemetry, { bucketS: buckets.bucketS, count: buckets.rows.length }) },
    problems,
  };
}

interface Sample {
  value: number;
  weight: number;
}

const isResult = (r: RequestRecord): boolean => r.phase === 'measured' && r.status === 'ok';

/** A gap counts for as many tokens as its chunk is taken to hold: the request's own mean, as ITL is defined. */
function collectItl(requests: readonly RequestRecord[], gaps: readonly GapList[], { into, max }: { into: Sample[]; max: number }): void {
  const byIndex = new Map(requests.filter(isResult).map((r) => [r.index, r]));
  const total = gaps.reduce((sum, list) => sum + list.gapsMs.length, 0);
  const step = Math.ceil(total / max);
  // Steps of random length: equal ones would fall on the same tokens of every request.
  const random = prng(total);
  let skip = 0;
  for (const { index, gapsMs } of gaps) {
    const request = byIndex.get(index);
    if (!request || gapsMs.length === 0) continue;
    const tokens = (request.outputTokens ?? 0) - 1;
    const perGap = tokens > 0 ? tokens / gapsMs.length : 1;
    for (const gap of gapsMs) {
      if (skip-- > 0) continue;
      skip = step > 1 ? random.integer(0, 2 * (step - 1)) : 0;
      into.push({ value: gap / perGap, weight: perGap });
    }
  }
}

function curve(samples: Sample[]): Curve {
  samples.sort((a, b) => a.value - b.value);
  const total = samples.reduce((sum, s) => sum + s.weight, 0);
  const quantiles: number[] = [];
  let below = 0;
  let i = 0;
  for (const share of SHARES) {
    while (i < samples.length - 1 && below + (samples[i]?.weight ?? 0) < share * total) below += samples[i++]?.weight ?? 0;
    quantiles.push(samples[i]?.value ?? 0);
  }
  return { quantiles, from: 'samples' };
}

const MEMBERS = ['count', 'min', 'max', ...PERCENTILES] as const;

/** Null: the source gives too little of it for a curve. */
function wholeSummary(summary: RowDistribution): Pick<Distribution, (typeof MEMBERS)[number]> | null {
  return MEMBERS.every((member) => summary[member] !== undefined) ? (summary as Distribution) : null;
}

/** Straight lines between the stored percentiles. */
function summaryCurve(summary: RowDistribution | undefined): Curve | null {
  const d = summary && wholeSummary(summary);
  if (!d || d.count === 0) return null;
  const known: [number, number][] = [
    [0, d.min],
    [0.5, d.p50],
    [0.75, d.p75],
    [0.9, d.p90],
    [0.95, d.p95],
    [0.99, d.p99],
    [0.999, d.p999],
    [1, d.max],
  ];
  const quantiles = SHARES.map((share) => {
    const at = Math.max(
      1,
      known.findIndex(([s]) => s >= share),
    );
    const [s0, v0] = known[at - 1] as [number, number];
    const [s1, v1] = known[at] as [number, number];
    return v0 + ((v1 - v0) * (share - s0)) / (s1 - s0);
  });
  return { quantiles, from: 'summary' };
}

/** At most so many buckets: sums and means of whole seconds, and all that workers of the client saw in them. */
function bucketed(rows: readonly SeriesRow[], most: number): { bucketS: number; rows: SeriesRow[] } {
  const bucketS = Math.ceil(rows.length / most);
  if (bucketS <= 1) return { bucketS: 1, rows: [...rows] };
  const out: SeriesRow[] = [];
  for (let i = 0; i < rows.length; i += bucketS) {
    const part = rows.slice(i, i + bucketS);
    const mean = (pick: (row: SeriesRow) => number) => part.reduce((sum, row) => sum + pick(row), 0) / part.length;
    const ttfts = part.flatMap((row) => (row.ttftP50Ms === null ? [] : [row.ttftP50Ms]));
    out.push({
      t: part[0]?.t ?? 0,
      sent: part.reduce((sum, row) => sum + row.sent, 0),
      done: part.reduce((sum, row) => sum + row.done, 0),
      failed: part.reduce((sum, row) => sum + row.failed, 0),
      outputTokens: mean((row) => row.outputTokens),
      inFlight: mean((row) => row.inFlight),
      ttftP50Ms: ttfts.length > 0 ? ttfts.reduce((a, b) => a + b, 0) / ttfts.length : null,
      ...(part.some((row) => row.client) ? { client: part.flatMap((row) => row.client ?? []) } : {}),
    });
  }
  return { bucketS, rows: out };
}

/** At most `max` of the list, evenly spread, ends included. */
export function spread<T>(list: readonly T[], max: number): T[] {
  if (list.length <= max) return [...list];
  return Array.from({ length: max }, (_, i) => list[Math.round((i * (list.length - 1)) / (max - 1))] as T);
}
