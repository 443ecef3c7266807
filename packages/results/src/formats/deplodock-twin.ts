import type { SystemInfo } from '@bench/core';
import { understandDeplodockJson } from './deplodock-json.ts';
import type { DeplodockFile } from './deplodock-text.ts';
import { asNumber, asObject } from './loose-json.ts';
import type { Json } from './read-results.ts';

/** What a deplodock result says in either form, text or JSON. */
export type DeplodockParts = Pick<DeplodockFile, 'task' | 'results' | 'compose' | 'command' | 'system'>;

/** A deplodock JSON twin: `task`, `recipe`, `metrics`, `system`, `compose`, `bench_command`. Null: it is not one. */
export function readDeplodockTwin(json: Json): DeplodockParts | null {
  const result = understandDeplodockJson(json);
  const task = asObject(json['task']);
  if (!result || !task) return null;
  const recipe = asObject(json['recipe']);
  const words = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const count = asNumber(task['gpu_count']);
  const [recipeDir, variant, gpuName] = [task['recipe_dir'], task['variant'], task['gpu_name']].map(words);
  const gpuCount = count !== undefined && Number.isInteger(count) && count >= 0 ? count : undefined;
  return {
    task: {
      ...(recipeDir === undefined ? {} : { recipeDir }),
      ...(variant === undefined ? {} : { variant }),
      ...(gpuName === undefined ? {} : { gpuName }),
      ...(gpuCount === undefined ? {} : { gpuCount }),
      // JSON is YAML.
      ...(recipe ? { recipe: `${JSON.stringify(recipe, null, 2)}\n` } : {}),
    },
    results: [result],
    compose: words(json['compose']) ?? null,
    command: words(json['bench_command']) ?? null,
    system: readSystem(asObject(json['system'])),
  };
}

const TEXTS: [key: string, ours: 'hostname' | 'os' | 'kernel' | 'arch' | 'driverVersion' | 'cudaVersion' | 'dockerVersion'][] = [
  ['hostname', 'hostname'],
  ['os', 'os'],
  ['kernel', 'kernel'],
  ['cpu_arch', 'arch'],
  ['gpu_driver', 'driverVersion'],
  ['cuda_version', 'cudaVersion'],
  ['docker_version', 'dockerVersion'],
];

/** GPUs that a machine of ours has at most: a larger count is a mistake. */
const MOST_GPUS = 1024;

function readSystem(system: Json | null): SystemInfo | null {
  if (!system) return null;
  const info: SystemInfo = {};
  for (const [key, ours] of TEXTS) {
    const value = system[key];
    if (typeof value === 'string' && value !== '') info[ours] = value;
  }
  const [model, cores] = [system['cpu_model'], asNumber(system['cpu_count'])];
  if (typeof model === 'string' && cores !== undefined && Number.isInteger(cores) && cores > 0) info.cpu = { model, logicalCores: cores };
  const memory = Math.round((asNumber(system['memory_total_gib']) ?? 0) * 2 ** 30);
  if (Number.isSafeInteger(memory) && memory > 0) info.memoryBytes = memory;
  const [name, count, mib] = [system['gpu_name'], asNumber(system['gpu_count']) ?? 0, asNumber(system['gpu_memory_mib'])];
  if (typeof name === 'string' && name !== '' && Number.isInteger(count) && count > 0 && count <= MOST_GPUS) {
    const driver = info.driverVersion;
    info.gpus = Array.from({ length: count }, () => ({
      name,
      ...(mib === undefined ? {} : { memoryMiB: mib }),
      ...(driver === undefined ? {} : { driver }),
    }));
  }
  return info;
}
