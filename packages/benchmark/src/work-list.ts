import { BenchError } from '@bench/core';
import { type Plan, plannedTasks } from '@bench/planner';
import { loadPoints, type LoadPoint, type Task } from '@bench/recipe';
import type { PlannedTask } from '@bench/results';
import { pointKey, type RunState } from './run-state.ts';

/** One measurement to make. */
export interface WorkPoint {
  point: LoadPoint;
  repeat: number;
}

export function repeatsOf(task: Task): number {
  return task.resolved.benchmark?.repeats ?? 1;
}

/** Every repeat of every point of a task; the points of one repeat before the next repeat, so that drift shows as spread. */
export function allPoints(task: Task): WorkPoint[] {
  const points = loadPoints(task);
  return Array.from({ length: repeatsOf(task) }, (_, repeat) => points.map((point) => ({ point, repeat }))).flat();
}

export function missingPoints(task: Task, state: RunState): WorkPoint[] {
  return allPoints(task).filter(({ point, repeat }) => !state.finished.has(pointKey(task.key, point.index, repeat)));
}

/** The plan as it is written into `run.json`. */
export function taskList(plan: Plan): PlannedTask[] {
  return plannedTasks(plan).map(({ task, group, deploymentKey }) => ({
    recipe: task.recipe,
    variant: task.variant,
    key: task.key,
    group,
    deploymentKey,
    points: loadPoints(task).length,
    repeats: repeatsOf(task),
  }));
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
