import { groupBy } from '@bench/core';
import { type Bottlenecks, bottlenecks } from '../bottlenecks/bottlenecks.ts';
import type { TaskGroup } from '../groups.ts';
import { type Recommendation, recommendation } from '../saturation/recommendation.ts';
import { type Saturation, saturation } from '../saturation/saturation.ts';
import { contenders } from '../verdicts/contenders.ts';

/** What the figures of one task, or of one sweep, say about the load to run it at and what limits it. */
export interface Advice extends Bottlenecks {
  group: TaskGroup;
  /** Null: fewer than three loads. */
  saturation: Saturation | null;
  recommendation: Recommendation | null;
}

/** Of each task, or sweep that was written as variants, that was measured under loads. Pure. */
export function adviceOf(groups: readonly TaskGroup[]): Advice[] {
  return contenders(groups).flatMap((group) => {
    const measured = group.measured.filter((row) => row.axis);
    if (measured.length === 0) return [];
    const loads = { ...group, measured };
    const knee = saturation(loads);
    return [{ group: loads, saturation: knee, recommendation: recommendation(loads, knee), ...bottlenecks(loads) }];
  });
}

/** What could not be judged, in a sentence; null: all could. */
export function notJudgedText({ notJudged }: Bottlenecks): string | null {
  if (notJudged.length === 0) return null;
  const byWhy = groupBy(notJudged, ({ why }) => why);
  return `Not judged: ${[...byWhy].map(([why, own]) => `${own.map(({ title }) => title).join(', ')} (${why})`).join('; ')}.`;
}
