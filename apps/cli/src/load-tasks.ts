import { resolve } from 'node:path';
import { BenchError } from '@bench/core';
import { expandRecipe, type LoadedRecipe, loadRecipe, type Task } from '@bench/recipe';

/**
 * Loads recipes; the problems of all of them are reported at once.
 * @throws BenchError `BENCH_RECIPE_INVALID`.
 */
export async function loadRecipes(paths: readonly string[], signal?: AbortSignal): Promise<LoadedRecipe[]> {
  const options = signal ? { signal } : {};
  const settled = await Promise.allSettled(paths.map((path) => loadRecipe(path, options)));
  const errors = settled.filter((s) => s.status === 'rejected').map((s) => s.reason as unknown);
  const unexpected = errors.find((e) => !BenchError.is(e));
  if (unexpected) throw unexpected;
  const known = errors as BenchError[];
  if (known.length === 1) throw known[0];
  if (known.length > 1) {
    throw new BenchError({
      code: 'BENCH_RECIPE_INVALID',
      message: known.map((e) => e.message).join('\n'),
      hint: known.find((e) => e.hint)?.hint,
      exitCode: 2,
      details: { problems: known.flatMap((e) => (e.details?.['problems'] as unknown[] | undefined) ?? []) },
    });
  }
  return settled.map((s) => (s as PromiseFulfilledResult<LoadedRecipe>).value);
}

/** All tasks of recipes that pass the filter. @throws BenchError `BENCH_NO_TASKS` when none does. */
export async function loadTasks(paths: readonly string[], options: { filter: readonly string[]; signal?: AbortSignal }): Promise<Task[]> {
  const loaded = await loadRecipes(paths, options.signal);
  const tasks = loaded.flatMap((recipe) => expandRecipe(recipe, { filter: options.filter }));
  if (tasks.length === 0) {
    throw new BenchError({
      code: 'BENCH_NO_TASKS',
      message: `no variant of ${loaded.map((l) => l.name).join(', ')} passes ${options.filter.join(' and ')}`,
      hint: `bench recipe variants ${paths.join(' ')}`,
      exitCode: 2,
    });
  }
  return tasks;
}

/** Paths as they are kept in `run.json`, so that a run can be taken up from anywhere. */
export function absolute(paths: readonly string[]): string[] {
  return paths.map((path) => resolve(path));
}
