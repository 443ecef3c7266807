import type { DeploymentFile, RunView } from '@bench/results';

/** Every deployment of the runs once. */
export function deployments(runs: readonly RunView[]): DeploymentFile[] {
  return uniqueBy(
    runs.flatMap((run) =>
      run.tasks.flatMap((task) => (task.deployment ? [{ id: `${run.run.id}/${task.deployment.id}`, deployment: task.deployment }] : [])),
    ),
    (entry) => entry.id,
  ).map((entry) => entry.deployment);
}

/** One of each key, the last. */
export function uniqueBy<T>(list: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(list.map((item) => [key(item), item])).values()];
}
