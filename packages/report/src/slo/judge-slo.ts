import type { Bounds, ClassResult, PointResult } from '@bench/core';
import { mean } from '../mean.ts';
import type { RowDistribution } from '../rows.ts';
import type { AskedSlo, GoodCount } from './ask-slo.ts';
import { shareByPercentiles } from './share-by-percentiles.ts';

/** How a row stands to limits that were asked for when the report was made. */
export interface AskedShare {
  /** `requests`: each was judged. `percentiles`: they say between which values the share lies. Null: nothing says. */
  from: 'requests' | 'percentiles' | null;
  /** Between which values the share of good requests lies, 0 to 1, mean of the repeats; equal where each request was judged. Null: not known. */
  share: Bounds | null;
  /** Why its requests were not judged one by one, in words; null: they were. */
  why: string | null;
}

/** Repeats of a point with goodput and good requests by the limits that are asked for, in place of those by the limits of their load. */
export function judgeResults(results: readonly PointResult[], asked: AskedSlo): { results: PointResult[]; share: AskedShare } {
  const counts = results.map((result) => asked.counted.get(result) ?? 'its requests were not read');
  const why = counts.find((count) => typeof count === 'string') ?? null;
  if (why === null) {
    const judged = results.map((result, i) => withCounts(result, counts[i] as Exclude<(typeof counts)[number], string>));
    const ratios = judged.flatMap(({ scalars }) => scalars.good_ratio ?? []);
    const exactly = ratios.length === 0 ? null : mean(ratios);
    return { results: judged, share: { from: 'requests', share: exactly === null ? null : { low: exactly, high: exactly }, why } };
  }
  const shares = results.map(({ counts: { ok, sent, givenUp = 0 }, distributions }, i) => {
    const count = counts[i];
    if (count === undefined || typeof count === 'string')
      return shareByPercentiles({ ok, of: sent - givenUp, distributions }, asked.limits);
    return count.of === 0 ? null : { low: count.good / count.of, high: count.good / count.of };
  });
  return { results: results.map((result) => withCounts(result, null)), share: { ...boundsOf(shares), why } };
}

/** The same of what another tool wrote, which keeps no requests that could be read. */
export function judgeSummary(
  {
    ok,
    failed,
    cancelled,
    distributions,
  }: { ok: number; failed: number | null; cancelled: number; distributions: Record<string, RowDistribution> },
  { limits }: AskedSlo,
): AskedShare {
  const of = failed === null ? null : ok + failed + cancelled;
  return { ...boundsOf([shareByPercentiles({ ok, of, distributions }, limits)]), why: 'another tool’s summary has no requests' };
}

function boundsOf(shares: readonly (Bounds | null)[]): Pick<AskedShare, 'from' | 'share'> {
  const known = shares.map((share) => share ?? { low: 0, high: 1 });
  if (shares.every((share) => share === null)) return { from: null, share: null };
  return { from: 'percentiles', share: { low: mean(known.map(({ low }) => low)), high: mean(known.map(({ high }) => high)) } };
}

type Part = Pick<ClassResult, 'scalars'>;

/** What of the result is a matter of limits; null: by the asked ones it is not known. */
function withCounts(result: PointResult, counts: (GoodCount & { classes: ReadonlyMap<string, GoodCount> }) | null): PointResult {
  const { durationS, classes, conversations } = result;
  const of = <T extends Part>(part: T, count: GoodCount | null | undefined): T => ({
    ...part,
    scalars: { ...withoutGoodness(part.scalars), ...(count ? goodness(count, durationS) : {}) },
  });
  return {
    ...of(result, counts),
    ...(classes && {
      classes: Object.fromEntries(
        Object.entries(classes).map(([name, part]) => [name, of(part, counts && (counts.classes.get(name) ?? { good: 0, of: 0 }))]),
      ),
    }),
    ...(conversations && {
      conversations: {
        ...conversations,
        turns: { first: of(conversations.turns.first, null), later: of(conversations.turns.later, null) },
      },
    }),
  };
}

function goodness({ good, of }: GoodCount, durationS: number): Record<string, number> {
  return { ...(of > 0 ? { good_ratio: good / of } : {}), ...(durationS > 0 ? { goodput: good / durationS } : {}) };
}

/** Without what was counted by other limits. */
export function withoutGoodness({ good_ratio: _ratio, goodput: _goodput, ...scalars }: Record<string, number>): Record<string, number> {
  return scalars;
}
