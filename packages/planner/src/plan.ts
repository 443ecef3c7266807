import { BenchError, findGpu, groupBy, type GpuVendor } from '@bench/core';
import { deploymentKey, type Task } from '@bench/recipe';

/** Tasks that share one deployment, in the order they run. */
export interface PlannedDeployment {
  key: string;
  tasks: Task[];
}

/** Tasks that share a machine, one deployment after another. */
export interface ExecutionGroup {
  index: number;
  /** What is served; null for command recipes. */
  model: string | null;
  gpu: string | null;
  gpuVendor: GpuVendor | null;
  /** The most GPUs that a task of the group needs. */
  gpuCount: number;
  driverVersion: string | null;
  cudaVersion: string | null;
  deployments: PlannedDeployment[];
}

export interface Plan {
  groups: ExecutionGroup[];
}

/**
 * Divides tasks into execution groups: by model, GPU, vendor, driver and CUDA. Within a group the deployments that need
 * most GPUs come first, and tasks that share a deployment stand together. `deploy.gpu_concurrency` splits a group's
 * deployments over that many groups, round-robin. Pure: the same tasks give the same plan.
 * @throws BenchError `BENCH_DUPLICATE_TASK` when one task is named twice, or two have one key: results are found again by it.
 */
export function planTasks(tasks: readonly Task[]): Plan {
  refuseDuplicates(tasks);
  const groups = [...groupBy(tasks, placeOf).values()].flatMap(split);
  return { groups: groups.map((group, index) => ({ ...group, index })) };
}

/** Tasks in the order in which they will run. */
export function plannedTasks(plan: Plan): { task: Task; group: number; deploymentKey: string }[] {
  return plan.groups.flatMap((group) =>
    group.deployments.flatMap((deployment) =>
      deployment.tasks.map((task) => ({ task, group: group.index, deploymentKey: deployment.key })),
    ),
  );
}

function placeOf(task: Task): string {
  const { deploy, model } = task.resolved;
  const gpu = deploy?.gpu ?? null;
  return JSON.stringify([
    model ?? task.recipe,
    gpu === null ? null : (findGpu(gpu)?.id ?? gpu),
    deploy?.driver_version ?? null,
    deploy?.cuda_version ?? null,
  ]);
}

function split(members: Task[]): Omit<ExecutionGroup, 'index'>[] {
  const byDeployment = groupBy(members, (task) => deploymentKey(task.resolved));
  const deployments = [...byDeployment].map(([key, tasks]) => ({ key, tasks })).sort((a, b) => gpusOf(b.tasks[0]) - gpusOf(a.tasks[0]));
  const wanted = Math.max(1, ...members.map((task) => task.resolved.deploy?.gpu_concurrency ?? 1));
  const parts = Math.min(wanted, deployments.length);
  const first = members[0] as Task;
  const { deploy, model } = first.resolved;
  const gpu = deploy?.gpu ?? null;
  return Array.from({ length: parts }, (_, part) => {
    const own = deployments.filter((_d, i) => i % parts === part);
    return {
      model: model?.huggingface ?? model?.gguf ?? model?.random ?? null,
      gpu,
      gpuVendor: gpu === null ? null : (findGpu(gpu)?.vendor ?? null),
      gpuCount: Math.max(...own.map((d) => gpusOf(d.tasks[0]))),
      driverVersion: deploy?.driver_version ?? null,
      cudaVersion: deploy?.cuda_version ?? null,
      deployments: own,
    };
  });
}

function gpusOf(task: Task | undefined): number {
  const deploy = task?.resolved.deploy;
  return deploy?.gpu === undefined ? 0 : (deploy.gpu_count ?? 1);
}

function refuseDuplicates(tasks: readonly Task[]): void {
  const seen = new Map<string, Task>();
  const byKey = new Map<string, Task>();
  for (const task of tasks) {
    const name = `${task.recipe}/${task.variant}`;
    const other = seen.get(name);
    if (other) {
      throw new BenchError({
        code: 'BENCH_DUPLICATE_TASK',
        message: `two tasks are named ${name}: ${other.file} and ${task.file}`,
        hint: 'name each recipe once, and give recipe folders different names',
        exitCode: 2,
      });
    }
    const twin = byKey.get(task.key);
    if (twin) {
      throw new BenchError({
        code: 'BENCH_DUPLICATE_TASK',
        message: `${twin.recipe}/${twin.variant} (${twin.file}) and ${name} (${task.file}) are the same task under two names`,
        hint: 'leave one of them out, or use benchmark.repeats to measure it again',
        exitCode: 2,
      });
    }
    seen.set(name, task);
    byKey.set(task.key, task);
  }
}
