import { BenchError, EXIT, type Io } from '@bench/core';
import { fitTasks, scaleOutTasks, type ScaleOut } from '@bench/deploy';
import type { Engine, Task } from '@bench/recipe';
import type { PlannedTask } from '@bench/results';
import type { RunEvent } from './events.ts';
import type { RunMachine } from './machine.ts';

/**
 * The tasks that a run is for: of a recipe with variants for many GPUs those that the machines have, with spare GPUs put to use where
 * that was asked. A run that goes on keeps the tasks it began with.
 * @throws BenchError `BENCH_GPU_UNFIT` when none fits, or one does not that the user named.
 */
export function chooseTasks(o: {
  tasks: readonly Task[];
  machines: readonly RunMachine[];
  engines: readonly Engine[] | undefined;
  /** The user named variants: none may be left out. */
  explicit: boolean;
  scaleOut: ScaleOut | undefined;
  /** Tasks of the run that goes on. */
  began: readonly PlannedTask[] | null;
  io: Pick<Io, 'logger'>;
  on: (event: RunEvent) => void;
}): Task[] {
  const hosts = o.machines.map((machine) => ({ host: machine.name, gpus: machine.gpus }));
  const { tasks: fitting, leftOut } = fitTasks(o.tasks, hosts, { explicit: o.explicit && o.began === null });
  const scaled = o.scaleOut
    ? scaleOutTasks(fitting, hosts, { strategy: o.scaleOut, ...(o.engines ? { engines: o.engines } : {}) })
    : { tasks: fitting, merged: [] };
  if (o.began === null) {
    for (const { task, reason } of leftOut) o.on({ type: 'left_out', task: `${task.recipe}/${task.variant}`, reason });
    for (const { task, into } of scaled.merged)
      o.on({ type: 'left_out', task: `${task.recipe}/${task.variant}`, reason: `scaled out it is ${into.variant}` });
  }
  return scaled.tasks;
}

/**
 * The one task that a deployment without measurement is for: what shares a deployment counts once.
 * @throws BenchError `BENCH_USAGE` (exit code 2), listing the variants, when there are several to choose from.
 */
export function onlyDeployment(tasks: readonly Task[], keyOf: (task: Task) => string): Task[] {
  const byKey = new Map(tasks.map((task) => [keyOf(task), task]));
  const [first] = tasks;
  if (first && byKey.size === 1) return [first];
  throw new BenchError({
    code: 'BENCH_USAGE',
    message: `${byKey.size} variants could be deployed:\n${[...byKey.values()]
      .slice(0, 20)
      .map((task) => `  ${task.recipe}/${task.variant}`)
      .join('\n')}`,
    hint: 'name one: --variant NAME, --filter KEY=GLOB or --gpu NAME',
    exitCode: EXIT.usage,
  });
}
