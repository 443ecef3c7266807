import type { RunView } from '@bench/results';
import { readDetails, spread, type PointDetail } from './detail.ts';
import type { TaskGroup } from './groups.ts';

/** Tasks and points that get charts of their own; all are in the tables. */
const MAX_GROUPS = 8;
const MAX_POINTS = 8;

/** What distributions and courses in time are drawn from. */
export interface Charted {
  details: { group: TaskGroup; points: PointDetail[] }[];
  /** Measured points that are not among them. */
  left: number;
}

/** Reads what the charts of points need, of tasks and points evenly spread where there are many. */
export async function readCharted(runs: readonly RunView[], groups: readonly TaskGroup[], signal?: AbortSignal): Promise<Charted> {
  const charted = spread(
    groups.filter((group) => group.measured.length > 0),
    MAX_GROUPS,
  );
  const details: Charted['details'] = [];
  for (const group of charted) {
    details.push({ group, points: await readDetails(runs, group, spread(group.measured, MAX_POINTS), signal) });
  }
  const drawn = details.reduce((sum, { points }) => sum + points.length, 0);
  return { details, left: groups.reduce((sum, group) => sum + group.measured.length, 0) - drawn };
}
