import { findPrograms, type SiteFacts, siteGpus } from '@bench/deploy';
import { localHost, systemInfo } from '@bench/host';
import { BUILTIN_ENGINES, engineOf, type Task } from '@bench/recipe';

/** What this machine has that tasks on site `local` are refused without. */
export type Here = Pick<SiteFacts, 'gpuVendor' | 'gpus' | 'programs'>;

/** Looks at this machine: at its GPUs, and for the programs of these tasks' engines. Starts no engine. */
export async function lookHere(tasks: readonly Task[], options: { folders: readonly string[]; signal?: AbortSignal }): Promise<Here> {
  const host = localHost();
  const engines = tasks.filter((t) => t.kind === 'inference').map((t) => engineOf(t.resolved, BUILTIN_ENGINES).engine);
  const [system, programs] = await Promise.all([systemInfo(host, options), findPrograms({ engines, host, ...options })]);
  const { vendor, gpus } = siteGpus(system);
  return { gpuVendor: vendor, gpus, programs };
}
