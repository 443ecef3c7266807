import type { AdaptivePoints, Task } from '@bench/recipe';
import type { Probe, SearchFile } from '@bench/results';
import { parsePointKey, type RunState } from '../run-state.ts';
import type { WorkPoint } from '../work-list.ts';
import { nextCurveLoad } from './next-curve-load.ts';
import { bracketOf, nextLoad, type Outcome, type SearchRange } from './next-load.ts';

type Probed = SearchFile['probes'][number];

/** The one measurement that comes next; none: there is nothing more to be known. A load that was measured before is a further repeat of its point. */
export function nextAdaptive(points: AdaptivePoints, task: Task, state: RunState): WorkPoint[] {
  const probes = probesOf(task, state);
  const at = points.kind === 'search' ? nextLoad(rangeOf(points), outcomesOf(probes)) : nextCurveLoad(points, probes);
  if (at === null) return [];
  const before = probes.filter((probe) => probe.at === at);
  const index = before[0]?.point ?? new Set(probes.map((probe) => probe.point)).size;
  return [{ index, at, load: points.load(at), repeat: before.length }];
}

/** How a search stands; null: the task is none. */
export function searchFile(points: AdaptivePoints | null, task: Task, state: RunState): SearchFile | null {
  if (points?.kind !== 'search') return null;
  const probes = probesOf(task, state);
  const slo = Object.fromEntries(Object.entries(points.search.slo).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  return {
    axis: points.axis,
    slo,
    ...bracketOf(outcomesOf(probes), points.repeats),
    complete: nextAdaptive(points, task, state).length === 0,
    probes,
  };
}

/** Did the engine serve any load of a search or curve yet? One that serves none of the next then has too much of it. */
export function hasServed(task: Task, state: RunState): boolean {
  return probesOf(task, state).some(({ throughput }) => throughput > 0);
}

function probesOf(task: Task, state: RunState): Probed[] {
  return [...state.finished].flatMap(([key, { probe }]) => {
    const { task: of, point, repeat } = parsePointKey(key);
    return of === task.key && probe ? [{ ...probe, point, repeat }] : [];
  });
}

const outcomesOf = (probes: readonly Probe[]): Outcome[] =>
  probes.map(({ at, missed, saturated }) => ({ at, passes: missed.length === 0, saturated }));

function rangeOf({ from, to, repeats, axis, search }: AdaptivePoints & { kind: 'search' }): SearchRange {
  return { from, to, repeats, precision: search.precision, maxPoints: search.max_points, whole: axis === 'concurrency' };
}
