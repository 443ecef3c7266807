import { BenchError, didYouMean, EXIT, globMatches } from '@bench/core';
import type { Task } from './build-tasks.ts';
import type { LoadedRecipe } from './load-recipe.ts';

/**
 * The tasks of a recipe, in the order of its matrices. `filter`: `KEY=GLOB`, all must match (ignoring case; `*` and `?`). KEY is
 * `variant`, a dotted path (`deploy.gpu`, `benchmark.max_concurrency`), or the last part of a path the matrices set (`gpu`).
 * @throws BenchError `BENCH_FILTER` (exit code 2) for a filter without `=`, or a key that no variant has.
 */
export function expandRecipe(
  loaded: LoadedRecipe,
  options: { filter?: readonly string[] | undefined; signal?: AbortSignal | undefined } = {},
): Task[] {
  let tasks = [...loaded.tasks];
  for (const text of options.filter ?? []) {
    options.signal?.throwIfAborted();
    const split = text.indexOf('=');
    if (split < 1)
      throw new BenchError({
        code: 'BENCH_FILTER',
        message: `the filter "${text}" is not KEY=GLOB`,
        hint: 'for example deploy.gpu=*H100*',
        exitCode: EXIT.usage,
      });
    const key = text.slice(0, split).trim();
    const glob = text.slice(split + 1).trim();
    if (!loaded.tasks.some((task) => valuesOf(task, key).length > 0)) {
      const known = [...new Set(loaded.tasks.flatMap((task) => ['variant', ...Object.keys(task.params)]))];
      throw new BenchError({
        code: 'BENCH_FILTER',
        message: `no variant of "${loaded.name}" has the key "${key}"`,
        hint: didYouMean(key, [...known, ...known.map((k) => k.split('.').at(-1) ?? k)]) ?? `known: ${known.join(', ')}`,
        exitCode: EXIT.usage,
      });
    }
    tasks = tasks.filter((task) => valuesOf(task, key).some((value) => globMatches(glob, value)));
  }
  return tasks;
}

/** Values a key means for a task; none: the task has no such key. */
function valuesOf(task: Task, key: string): string[] {
  if (key === 'variant') return [task.variant];
  if (Object.hasOwn(task.params, key)) return [String(task.params[key])];
  const byLeaf = Object.entries(task.params).filter(([path]) => path.split('.').at(-1) === key);
  if (byLeaf.length > 0) return byLeaf.map(([, value]) => String(value));
  let value: unknown = task.resolved;
  for (const segment of key.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return [];
    value = (value as Record<string, unknown>)[segment];
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : [];
}
