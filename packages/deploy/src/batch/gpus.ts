import { findGpu, type GpuVendor } from '@bench/core';
import { engineOf, type Engine, gpuVendorOf, type Task } from '@bench/recipe';
import { gpusEach } from '../compose/lay-out.ts';
import type { SlurmDirectives } from '@bench/provisioning/slurm';

/** Whose GPUs a job has; `any`: its recipe asks the queue for some and does not say whose. */
export type BatchGpus = GpuVendor | 'any' | null;

/** Does a job ask the queue for GPUs by itself? */
export function asksForGpus({ gres, gpus, gpus_per_node }: Pick<SlurmDirectives, 'gres' | 'gpus' | 'gpus_per_node'>): boolean {
  return gpus !== undefined || gpus_per_node !== undefined || /(^|,)(gres[:/])?gpu\b/.test(gres ?? '');
}

/** How many GPUs the first job of a task needs by its recipe, where its `slurm` section names none. */
export function gpuCount(task: Task, engines: readonly Engine[]): number {
  const { deploy, service } = task.resolved;
  if (service) return service.resources.gpus ?? 0;
  if (deploy.gpu === undefined) return 0;
  // An engine without several instances leaves GPUs idle that it does not use.
  if (task.kind === 'inference') return Math.min(deploy.gpu_count, gpusEach(engineOf(task.resolved, engines).llm));
  return deploy.gpu_count;
}

/** GPUs as a generic resource: `gpu:a100:2` where the cluster's types tell which is meant, else `gpu:2`. */
export function gresOf(o: { gpu: string | undefined; count: number; types: readonly string[] }): string | undefined {
  if (o.count === 0) return undefined;
  const family = o.gpu === undefined ? undefined : findGpu(o.gpu)?.family;
  const fits = [...new Set(o.types)].filter((type) => family !== undefined && findGpu(type)?.family === family);
  return fits.length === 1 ? `gpu:${fits[0]}:${o.count}` : `gpu:${o.count}`;
}

/** Whose GPUs a job has that asks for these. */
export function gpusOf(gpu: string | undefined, directives: SlurmDirectives): BatchGpus {
  return asksForGpus(directives) ? (gpuVendorOf(gpu) ?? 'any') : null;
}
