import type { RunView } from '@bench/results';
import { MAX_SERIES, readDetails, spread, type PointDetail } from './detail.ts';
import type { TaskGroup } from './groups.ts';

/** Tasks and points that get charts of their own; all are in the tables. */
const MAX_GROUPS = 8;
const MAX_POINTS = 8;

/** Points at most whose charts the page's script can draw besides: what they are drawn from travels with the page. */
const MAX_LATER = 1000;
/** Buckets of time of all of them together, and of one at least: a page of many variants stays below 10 MB. */
const LATER_BUCKETS = 48_000;
const MIN_BUCKETS = 48;

/** What distributions and courses in time of one task are drawn from. */
export interface ChartedTask {
  group: TaskGroup;
  points: PointDetail[];
  /** Not drawn until the reader asks for it. */
  later?: boolean;
}

export interface Charted {
  details: ChartedTask[];
  /** Measured points that are not among them. */
  left: number;
}

/**
 * Reads what the charts of points need, one point at a time: of tasks and points evenly spread where there are many. `all`: of the other
 * tasks too, for a page that can draw them later.
 */
export async function readCharted(
  runs: readonly RunView[],
  groups: readonly TaskGroup[],
  { signal, all = false }: { signal?: AbortSignal | undefined; all?: boolean } = {},
): Promise<Charted> {
  const measured = groups.filter((group) => group.measured.length > 0);
  const drawn = new Set(spread(measured, MAX_GROUPS));
  const waiting = laterOnes(measured.filter((group) => !drawn.has(group)));
  const count = [...waiting].reduce((sum, group) => sum + Math.min(MAX_POINTS, group.measured.length), 0);
  const buckets = Math.min(MAX_SERIES, Math.max(MIN_BUCKETS, Math.floor(LATER_BUCKETS / Math.max(1, count))));
  const details: ChartedTask[] = [];
  for (const group of measured) {
    const later = !drawn.has(group);
    if (later && !(all && waiting.has(group))) continue;
    const points = await readDetails(runs, group, spread(group.measured, MAX_POINTS), later ? { signal, buckets } : { signal });
    details.push({ group, points, ...(later ? { later } : {}) });
  }
  const read = details.reduce((sum, { points }) => sum + points.length, 0);
  return { details, left: groups.reduce((sum, group) => sum + group.measured.length, 0) - read };
}

/** The first tasks that have {@link MAX_LATER} points together. */
function laterOnes(groups: readonly TaskGroup[]): Set<TaskGroup> {
  let points = 0;
  return new Set(groups.filter((group) => (points += Math.min(MAX_POINTS, group.measured.length)) <= MAX_LATER));
}
