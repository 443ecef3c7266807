import type { Task } from '@bench/recipe';
import { chooseGpus, describeGpus } from '../choose-gpus.ts';
import type { Problem, SiteFacts } from '../contract.ts';

/** The GPUs that a task without an engine may use: those it asks for, else all there are. */
export function taskGpus(task: Task, site: SiteFacts): string[] {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  return (gpu === undefined ? site.gpus : chooseGpus(site.gpus, gpu, count)).map(({ id }) => id);
}

/** Variables that keep a program to these GPUs; none when the task names no GPU. */
export function gpuEnv(task: Task, site: SiteFacts, ids: readonly string[]): Record<string, string> {
  if (task.resolved.deploy.gpu === undefined) return {};
  // CUDA numbers devices by speed unless it is told to go by the bus, as nvidia-smi does.
  return site.gpuVendor === 'amd'
    ? { HIP_VISIBLE_DEVICES: ids.join(',') }
    : { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: ids.join(',') };
}

/** Fewer GPUs than asked for are refused before anything is done. */
export function gpuProblems(task: Task, site: SiteFacts): Problem[] {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  if (gpu === undefined || chooseGpus(site.gpus, gpu, count).length === count) return [];
  return [
    {
      code: 'BENCH_GPU_UNFIT',
      message: `${task.recipe}/${task.variant}: needs ${count}× ${gpu}; ${site.site} has ${describeGpus(site.gpus)}`,
      hint: 'keep the variants that fit with --filter deploy.gpu=…',
    },
  ];
}
