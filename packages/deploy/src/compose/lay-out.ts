import type { GpuVendor } from '@bench/core';
import { gpuVendorOf, type LlmSettings, type Task } from '@bench/recipe';
import { chooseGpus } from '../choose-gpus.ts';
import type { SiteFacts } from '../contract.ts';

/** One engine of a deployment. */
export interface Instance {
  /** Its service in the compose file, which is its host name on the project's network. */
  service: string;
  /** Port that it listens on in its container. */
  port: number;
  /** GPUs it gets; `all`: whatever there is; null: none. */
  gpus: readonly string[] | 'all' | null;
}

export interface LayOut {
  instances: readonly [Instance, ...Instance[]];
  vendor: GpuVendor | null;
  /** GPUs that the recipe asks for and no instance uses. */
  idleGpus: number;
}

/** Port of the first engine, and of the balancer before several. */
export const ENGINE_PORT = 8000;
export const BALANCER_PORT = 8080;

/** GPUs of one instance. */
export function gpusEach(llm: LlmSettings): number {
  return llm.tensor_parallel_size * llm.pipeline_parallel_size * llm.data_parallel_size;
}

/** How many engines a task's GPUs carry, and which GPUs each one gets: as many as fit, consecutive ids. Pure. */
export function layOut(task: Task, site: Pick<SiteFacts, 'gpus' | 'gpuVendor' | 'containers'>, llm: LlmSettings): LayOut {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  const each = gpusEach(llm);
  const vendor = site.gpuVendor ?? gpuVendorOf(gpu);
  if (gpu === undefined) {
    // Nothing was asked for: the engine may have what is there, where the runtime can hand it over.
    const usable = vendor !== null && site.gpus.length > 0 && (vendor === 'amd' || site.containers?.nvidiaRuntime !== false);
    const gpus = usable ? site.gpus.slice(0, each).map(({ id }) => id) : null;
    return { instances: [instance(0, 1, gpus)], vendor: usable ? vendor : null, idleGpus: 0 };
  }
  const instances = Math.max(1, Math.floor(count / each));
  const known = site.gpus.length > 0;
  const ids = known ? chooseGpus(site.gpus, gpu, count).map(({ id }) => id) : Array.from({ length: count }, (_, i) => String(i));
  const list = Array.from({ length: instances }, (_, i) =>
    instance(i, instances, instances === 1 && !known ? 'all' : ids.slice(i * each, (i + 1) * each)),
  );
  return { instances: list as [Instance, ...Instance[]], vendor, idleGpus: Math.max(0, count - instances * each) };
}

function instance(index: number, of: number, gpus: Instance['gpus']): Instance {
  return { service: of === 1 ? 'engine' : `engine-${index}`, port: ENGINE_PORT + index, gpus };
}
