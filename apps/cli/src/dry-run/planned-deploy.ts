import type { LoadSpec } from '@bench/core';
import type { Problem, RenderedStep } from '@bench/deploy';
import type { Workload } from '@bench/provisioning';
import { type AdaptivePoints, adaptivePoints, type Engine, loadPoints, type Task } from '@bench/recipe';
import type { Asked } from '../asked.ts';
import type { Here } from './look-here.ts';

export interface PlannedMeasurement {
  recipe: string;
  variant: string;
  key: string;
  repeats: number;
  /** Points that are not measured yet; null: the recipe's own clients or command are the one point. */
  points: (LoadSpec | null)[];
  /** Each point follows from those before it: only the first is known, and how many there may be. */
  adaptive?: { what: string; mostPoints: number };
}

export interface PlannedDeploy {
  group: number;
  gpu: string | null;
  gpuCount: number;
  engine: string;
  kind: Task['kind'];
  /** Why it cannot be; nothing is planned then. */
  problems: Problem[];
  steps: RenderedStep[];
  /** What is rented for it, where that is a container of its own; secrets masked. */
  workload: Workload | null;
  /** Where load is sent from; empty for what measures itself. */
  load: string;
  tasks: PlannedMeasurement[];
  /** What ends it, in words; empty: it stays up. */
  teardown: string[];
}

/** Whether a repeat of a point was measured already. */
export type IsDone = (task: Task, point: number, repeat: number) => boolean;

export interface PlanRunOptions {
  tasks: readonly Task[];
  asked: Asked;
  out: string;
  /** What this machine really has, for site `local`. */
  here: Here | null;
  /** Default: those that come with bench. */
  engines?: readonly Engine[] | undefined;
  isDone: IsDone;
}

export function measurement(task: Task, isDone: IsDone): PlannedMeasurement {
  const adaptive = adaptivePoints(task);
  if (adaptive) {
    const { recipe, variant, key } = task;
    const first = isDone(task, 0, 0) ? [] : [adaptive.load(adaptive.from)];
    return { recipe, variant, key, repeats: 1, points: first, adaptive: { what: adaptiveText(adaptive), mostPoints: adaptive.mostPoints } };
  }
  const repeats = task.resolved.benchmark?.repeats ?? 1;
  const points = task.kind === 'inference' ? loadPoints(task).map(({ index, load }) => ({ index, load })) : [{ index: 0, load: null }];
  const open = (point: number) => Array.from({ length: repeats }, (_, repeat) => repeat).some((repeat) => !isDone(task, point, repeat));
  return {
    recipe: task.recipe,
    variant: task.variant,
    key: task.key,
    repeats,
    points: points.filter(({ index }) => open(index)).map(({ load }) => load),
  };
}

function adaptiveText({ axis, to, ...points }: AdaptivePoints): string {
  const unit = axis === 'rate' ? 'requests/s' : 'concurrent requests';
  return points.kind === 'curve'
    ? `the curve of throughput from 1 to at most ${to} ${unit}`
    : `the search for the most ${unit}, at most ${to}, under ${Object.keys(points.search.slo).join(', ')}`;
}
