import { BenchError, EXIT, hashOf } from '@bench/core';
import { BUILTIN_ENGINES, type Engine, engineOf, type Recipe, type Task, taskKey } from '@bench/recipe';
import { busyGpus, chooseGpus } from '../choose-gpus.ts';
import type { SiteGpu } from '../contract.ts';
import { fitsHost, type HostGpus } from './fit-tasks.ts';

/**
 * How a task uses GPUs that its recipe does not ask for. `data-parallel`: each instance of the engine holds more copies of the model.
 * `replicas`: more instances behind the one endpoint.
 */
export type ScaleOut = 'data-parallel' | 'replicas';

const DATA_PARALLEL = 'engine.llm.data_parallel_size';
const GPU_COUNT = 'deploy.gpu_count';

/**
 * The task with a host's spare GPUs of its product put to use: with new settings, and the key, parameters and variant name that say
 * so. The task itself when nothing is spare, when it names no GPU, or when it has no inference engine. Pure.
 * @throws BenchError `BENCH_SCALE_OUT` (exit code 2) when the engine does not obey `data_parallel_size`.
 */
export function scaleOut(task: Task, gpus: readonly SiteGpu[], strategy: ScaleOut, engines: readonly Engine[] = BUILTIN_ENGINES): Task {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  if (task.kind !== 'inference' || gpu === undefined) return task;
  const { engine, llm } = engineOf(task.resolved, engines);
  const available = spare(gpus, gpu).length;
  const copy = llm.tensor_parallel_size * llm.pipeline_parallel_size;
  const instances = Math.max(1, Math.floor(count / (copy * llm.data_parallel_size)));
  if (strategy === 'replicas') {
    const each = copy * llm.data_parallel_size;
    const wanted = Math.floor(available / each);
    return wanted > instances ? changed(task, { count: wanted * each, dataParallel: null }) : task;
  }
  const dataParallel = Math.floor(available / (copy * instances));
  if (dataParallel <= llm.data_parallel_size) return task;
  if (!engine.llmFields.has('data_parallel_size')) {
    throw new BenchError({
      code: 'BENCH_SCALE_OUT',
      message: `${task.recipe}/${task.variant}: ${engine.name} cannot hold several copies of a model (data_parallel_size)`,
      hint: 'use --scale-out replicas',
      exitCode: EXIT.usage,
    });
  }
  return changed(task, { count: dataParallel * copy * instances, dataParallel });
}

/**
 * {@link scaleOut} for all tasks of a plan. Of several hosts a task counts on the one, among those it fits, that has the fewest of its
 * GPUs, so that it still fits all of them. Variants that differed only in how many GPUs they used become one; `merged` says which.
 */
export function scaleOutTasks(
  tasks: readonly Task[],
  hosts: readonly HostGpus[],
  options: { strategy: ScaleOut; engines?: readonly Engine[] },
): { tasks: Task[]; merged: { task: Task; into: Task }[] } {
  const byKey = new Map<string, Task>();
  const merged: { task: Task; into: Task }[] = [];
  const names = new Set<string>();
  for (const task of tasks) {
    const scaled = scaleOut(task, smallest(task, hosts), options.strategy, options.engines);
    const twin = byKey.get(scaled.key);
    if (twin) {
      merged.push({ task, into: twin });
      continue;
    }
    const name = `${scaled.recipe}/${scaled.variant}`;
    const unique = names.has(name) ? { ...scaled, variant: shortened(`${scaled.variant}-${hashOf(scaled.key, 6)}`) } : scaled;
    names.add(`${unique.recipe}/${unique.variant}`);
    byKey.set(unique.key, unique);
  }
  return { tasks: [...byKey.values()], merged };
}

/** Those of the product that nobody works on: one that is in use is not to spare. */
function spare(gpus: readonly SiteGpu[], gpu: string): SiteGpu[] {
  const busy = new Set(busyGpus(gpus));
  return chooseGpus(
    gpus.filter((each) => !busy.has(each)),
    gpu,
    Infinity,
  );
}

function smallest(task: Task, hosts: readonly HostGpus[]): readonly SiteGpu[] {
  const { gpu } = task.resolved.deploy;
  if (gpu === undefined) return [];
  const fitting = hosts.filter(({ gpus }) => fitsHost(task, gpus)).map(({ gpus }) => spare(gpus, gpu));
  return fitting.sort((a, b) => a.length - b.length)[0] ?? [];
}

function changed(task: Task, { count, dataParallel }: { count: number; dataParallel: number | null }): Task {
  const { deploy, engine } = task.resolved;
  const llm = engine && dataParallel !== null ? { llm: { ...engine.llm, data_parallel_size: dataParallel } } : engine;
  const resolved: Recipe = { ...task.resolved, deploy: { ...deploy, gpu_count: count }, ...(llm ? { engine: llm } : {}) };
  const params = { ...task.params, [GPU_COUNT]: count, ...(dataParallel === null ? {} : { [DATA_PARALLEL]: dataParallel }) };
  const machine = renamed(task.variant, deploy.gpu_count, count);
  const variant = dataParallel === null ? machine : withDataParallel(machine, dataParallel);
  return { ...task, variant: shortened(variant), key: taskKey(resolved), resolved, params };
}

/** Names of variants begin with the machine: `h200x1-mc16` becomes `h200x8-mc16`. */
function renamed(variant: string, from: number, to: number): string {
  const machine = new RegExp(`^(.*?x)${from}(?=-|$)`);
  return machine.test(variant) ? variant.replace(machine, `$1${to}`) : `${variant}-x${to}`;
}

/** A part that stood for the old value (`dps2`, as variant names abbreviate it) is replaced; else one is added: `-dp8`. */
function withDataParallel(variant: string, value: number): string {
  const old = /-(dps|ldps|datparsiz|dataparallelsize)\d+(?=-|$)/;
  return old.test(variant) ? variant.replace(old, `-$1${value}`) : `${variant}-dp${value}`;
}

/** RFC 1123's limit, which names of variants keep. */
const MAX_NAME = 63;

function shortened(name: string): string {
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME - 9).replace(/-+$/, '')}-${hashOf(name, 8)}`;
}
