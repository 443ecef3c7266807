import { resolve } from 'node:path';
import { BenchError, findGpu } from '@bench/core';
import { type Engine, expandRecipe, type LoadedRecipe, loadRecipe, type Task } from '@bench/recipe';
import { faultHint } from './fault-lines.ts';
import type { PluginFault } from './plugins/plugin.ts';

/** What recipes may use, and what of it could not be loaded. */
export interface Known {
  /** Default: those that come with bench. */
  engines?: readonly Engine[] | undefined;
  faults?: readonly PluginFault[] | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Loads recipes; the problems of all of them are reported at once.
 * @throws BenchError `BENCH_RECIPE_INVALID`.
 */
export async function loadRecipes(paths: readonly string[], known: Known = {}): Promise<LoadedRecipe[]> {
  const options = { engines: known.engines, signal: known.signal };
  const settled = await Promise.allSettled(paths.map((path) => loadRecipe(path, options)));
  const errors = settled.filter((s) => s.status === 'rejected').map((s) => s.reason as unknown);
  const unexpected = errors.find((e) => !BenchError.is(e));
  if (unexpected) throw unexpected;
  const told = errors as BenchError[];
  const [only] = told;
  const broken = faultHint(known.faults ?? []);
  if (told.length === 1 && broken === undefined) throw only;
  if (told.length > 0) {
    throw new BenchError({
      code: 'BENCH_RECIPE_INVALID',
      message: told.map((e) => e.message).join('\n'),
      hint: [told.find((e) => e.hint)?.hint, broken].filter((text) => text !== undefined).join('\n') || undefined,
      exitCode: 2,
      details: { problems: told.flatMap((e) => (e.details?.['problems'] as unknown[] | undefined) ?? []) },
    });
  }
  return settled.map((s) => (s as PromiseFulfilledResult<LoadedRecipe>).value);
}

/** Which variants are meant; all conditions must hold, and of several `variants` one. */
export interface Selection {
  filter: readonly string[];
  variants?: readonly string[] | undefined;
  /** By any name of the GPU catalogue. */
  gpu?: string | undefined;
}

/** The tasks of recipes that were selected. @throws BenchError `BENCH_NO_TASKS`, with what there is, when none was. */
export async function loadTasks(paths: readonly string[], options: Selection & Known): Promise<Task[]> {
  const loaded = await loadRecipes(paths, options);
  const all = loaded.flatMap((recipe) => recipe.tasks);
  const { variants = [], gpu } = options;
  for (const name of variants) if (!all.some((task) => named(task, name))) throw noSuchVariant(name, all);
  if (gpu !== undefined && !all.some((task) => isFor(task, gpu))) throw noSuchGpu(gpu, all);
  const tasks = loaded
    .flatMap((recipe) => expandRecipe(recipe, { filter: options.filter }))
    .filter((task) => variants.length === 0 || variants.some((name) => named(task, name)))
    .filter((task) => gpu === undefined || isFor(task, gpu));
  if (tasks.length > 0) return tasks;
  const conditions = [
    ...options.filter,
    ...(variants.length > 0 ? [`the name ${variants.join(' or ')}`] : []),
    ...(gpu === undefined ? [] : [`GPU ${gpu}`]),
  ];
  throw noTasks(
    `no variant of ${loaded.map((l) => l.name).join(', ')} passes ${conditions.join(' and ')}`,
    `bench recipe variants ${paths.join(' ')}`,
  );
}

const named = (task: Task, name: string) => task.variant === name || `${task.recipe}/${task.variant}` === name;

/** The same product of the catalogue, or, where that has neither, the same name. */
function isFor(task: Task, gpu: string): boolean {
  const own = task.resolved.deploy.gpu;
  if (own === undefined) return false;
  const [wanted, has] = [findGpu(gpu)?.id, findGpu(own)?.id];
  return wanted === undefined || has === undefined ? own.toLowerCase() === gpu.toLowerCase() : wanted === has;
}

function noSuchVariant(name: string, tasks: readonly Task[]): BenchError {
  const names = [...new Set(tasks.map((task) => task.variant))];
  return noTasks(`no variant is called "${name}"`, `there are: ${some(names)}`);
}

function noSuchGpu(gpu: string, tasks: readonly Task[]): BenchError {
  const gpus = [...new Set(tasks.flatMap((task) => task.resolved.deploy.gpu ?? []))];
  return noTasks(`no variant is for GPU "${gpu}"`, gpus.length === 0 ? 'these recipes name no GPU' : `there are: ${some(gpus)}`);
}

const some = (names: readonly string[]) => `${names.slice(0, 12).join(', ')}${names.length > 12 ? `, and ${names.length - 12} more` : ''}`;

function noTasks(message: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_NO_TASKS', message, hint, exitCode: 2 });
}

/** Paths as they are kept in `run.json`, so that a run can be taken up from anywhere. */
export function absolute(paths: readonly string[]): string[] {
  return paths.map((path) => resolve(path));
}
