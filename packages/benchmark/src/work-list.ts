import { BenchError } from '@bench/core';
import { type ExecutionGroup, type Plan, plannedTasks } from '@bench/planner';
import { adaptivePoints, loadPoints, type LoadPoint, type Task } from '@bench/recipe';
import type { PlannedTask } from '@bench/results';
import { parsePointKey, pointKey, type RunState } from './run-state.ts';
import { nextAdaptive } from './search/adaptive-work.ts';

/** One measurement to make. */
export interface WorkPoint {
  /** Position in the task, from 0. */
  index: number;
  /** Null: the recipe's own clients or command are the load. */
  load: LoadPoint['load'] | null;
  repeat: number;
  /** The place of its load on the axis of a search or a curve. */
  at?: number;
}

function repeatsOf(task: Task): number {
  return task.resolved.benchmark?.repeats ?? 1;
}

/** Every repeat of every point of a task; the points of one repeat before the next repeat, so that drift shows as spread. */
function allPoints(task: Task): WorkPoint[] {
  const points = pointsOf(task);
  return Array.from({ length: repeatsOf(task) }, (_, repeat) => points.map((point) => ({ ...point, repeat }))).flat();
}

/** A service or a command is one point: its clients, or the program, run once. */
function pointsOf(task: Task): Omit<WorkPoint, 'repeat'>[] {
  return task.kind === 'inference' ? loadPoints(task).map(({ index, load }) => ({ index, load })) : [{ index: 0, load: null }];
}

/** What is still to be measured of a task. Where each load follows from what was measured, only the next one is known. */
export function missingPoints(task: Task, state: RunState): WorkPoint[] {
  const adaptive = adaptivePoints(task);
  if (adaptive) return nextAdaptive(adaptive, task, state);
  return allPoints(task).filter(({ index, repeat }) => !state.finished.has(pointKey(task.key, index, repeat)));
}

/** Is there something to do in a group? */
export function hasWork({ deployments }: ExecutionGroup, o: { deployOnly: boolean; state: RunState }): boolean {
  return o.deployOnly || deployments.some(({ tasks }) => tasks.some((task) => missingPoints(task, o.state).length > 0));
}

/** The plan as it is written into `run.json`. */
export function taskList(plan: Plan): PlannedTask[] {
  return plannedTasks(plan).map(({ task, group, deploymentKey }) => ({
    recipe: task.recipe,
    variant: task.variant,
    key: task.key,
    group,
    deploymentKey,
    ...amountOf(task),
  }));
}

function amountOf(task: Task): Pick<PlannedTask, 'points' | 'repeats' | 'atMost'> {
  const adaptive = adaptivePoints(task);
  if (adaptive) return { points: adaptive.mostPoints, repeats: 1, atMost: true };
  return { points: pointsOf(task).length, repeats: repeatsOf(task) };
}

/** Keys of deployments that are needed, with the point that is measured first on each; null: none is. */
export function deploymentsWanted(plan: Plan, state: RunState, deployOnly: boolean): Map<string, string | null> {
  const wanted = new Map<string, string | null>();
  for (const { task, deploymentKey: key } of plannedTasks(plan)) {
    const [first] = missingPoints(task, state);
    if (wanted.has(key) || (!deployOnly && !first)) continue;
    wanted.set(key, first ? pointKey(task.key, first.index, first.repeat) : null);
  }
  return wanted;
}

/** How many points there are to measure, and how many were. `atMost`: some follow from others, and there may be fewer. */
export function countPoints(tasks: readonly Task[], state: RunState): { points: number; alreadyDone: number; atMost?: true } {
  let [points, alreadyDone] = [0, 0];
  let atMost = false;
  for (const task of tasks) {
    const missing = missingPoints(task, state).length;
    const adaptive = adaptivePoints(task);
    const done = [...state.finished.keys()].filter((key) => parsePointKey(key).task === task.key).length;
    alreadyDone += done;
    points += adaptive && missing > 0 ? Math.max(missing, adaptive.mostPoints - done) : missing;
    atMost ||= adaptive !== null && missing > 0;
  }
  return { points, alreadyDone, ...(atMost ? { atMost } : {}) };
}

/**
 * A run goes on only with the recipes it began with.
 * @throws BenchError `BENCH_RECIPE_CHANGED`, naming the tasks that differ.
 */
export function refuseChangedRecipes(before: readonly PlannedTask[], now: readonly PlannedTask[]): void {
  const name = (t: PlannedTask) => `${t.recipe}/${t.variant}`;
  const old = new Map(before.map((t) => [name(t), t.key]));
  const present = new Map(now.map((t) => [name(t), t.key]));
  const changes = [
    ...now.filter((t) => old.has(name(t)) && old.get(name(t)) !== t.key).map((t) => `${name(t)} changed`),
    ...now.filter((t) => !old.has(name(t))).map((t) => `${name(t)} is new`),
    ...before.filter((t) => !present.has(name(t))).map((t) => `${name(t)} is gone`),
  ];
  if (changes.length === 0) return;
  throw new BenchError({
    code: 'BENCH_RECIPE_CHANGED',
    message: `the recipe is not the one this run began with:\n${changes
      .slice(0, 20)
      .map((c) => `  ${c}`)
      .join('\n')}`,
    hint: 'start a new run, or put the recipe back as it was',
    exitCode: 2,
  });
}
