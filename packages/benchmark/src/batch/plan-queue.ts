import { seedOf } from '@bench/core';
import type { Plan } from '@bench/planner';
import type { Task } from '@bench/recipe';
import type { RunState } from '../run-state.ts';
import { missingPoints, type WorkPoint } from '../work-list.ts';

/** One deployment that is to be submitted, and what is to be measured on it, in order. */
export interface WantedDeployment {
  key: string;
  /** Its jobs are those of this task. */
  task: Task;
  work: { task: Task; point: WorkPoint }[];
}

/**
 * The deployments that miss points. Tasks with one engine share a deployment, and so do all their points; clients and commands of a recipe's own
 * run once in a job, so each of their points has one of its own.
 */
export function wantedDeployments(plan: Plan, state: RunState, taken: ReadonlySet<string>): WantedDeployment[] {
  return plan.groups
    .flatMap(({ deployments }) => deployments)
    .flatMap(({ key, tasks }): WantedDeployment[] => {
      const work = tasks.flatMap((task) =>
        missingPoints(task, state)
          .filter(({ index, repeat }) => !taken.has(`${task.key}/${index}/${repeat}`))
          .map((point) => ({ task, point })),
      );
      const [first] = work;
      if (!first) return [];
      if (first.task.kind === 'inference') return [{ key, task: first.task, work }];
      return work.map((one) => ({ key, task: one.task, work: [one] }));
    });
}

/** A point's load as it is sent: each point and repeat draws its own prompts. */
export function loadOf({ task, point }: WantedDeployment['work'][number], seed: number) {
  return point.load === null ? null : { ...point.load, seed: seedOf(seed, task.key, point.index, point.repeat) };
}
