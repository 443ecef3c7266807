import type { Recipe } from './schema/recipe.ts';
import type { ParamValue } from './variant-name.ts';

/**
 * What `$name` in a command may stand for, but for the names the site gives: the variables, every key of the variant's matrices by
 * its last part, and `gpu`, `gpu_count`, … of `deploy`. A name that two keys share is a clash.
 */
export function commandValues(
  recipe: Recipe,
  params: Readonly<Record<string, ParamValue>>,
): { values: Record<string, ParamValue>; clashes: { name: string; paths: string[] }[] } {
  const byName = new Map<string, Map<string, ParamValue>>();
  const add = (name: string, path: string, value: ParamValue) =>
    byName.set(name, (byName.get(name) ?? new Map<string, ParamValue>()).set(path, value));
  for (const [key, value] of Object.entries(recipe.command?.variables ?? {})) add(key, `command.variables.${key}`, value);
  for (const key of ['gpu', 'gpu_count', 'driver_version', 'cuda_version'] as const) {
    const value = recipe.deploy[key];
    if (value !== undefined) add(key, `deploy.${key}`, value);
  }
  for (const [key, value] of Object.entries(params)) {
    if (key.includes('.') && !key.startsWith('command.variables.')) add(key.split('.').at(-1) ?? key, key, value);
  }
  const values: Record<string, ParamValue> = {};
  const clashes: { name: string; paths: string[] }[] = [];
  for (const [name, paths] of byName) {
    values[name] = [...paths.values()][0] ?? null;
    if (paths.size > 1) clashes.push({ name, paths: [...paths.keys()] });
  }
  return { values, clashes };
}
