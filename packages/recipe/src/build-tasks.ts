import { groupBy, hashOf } from '@bench/core';
import type { Engine } from './engines/engine.ts';
import { taskKey } from './keys.ts';
import { readMatrices, type Combination } from './matrices.ts';
import type { Problem } from './problem.ts';
import { resolveVariant, type ResolvedVariant } from './resolve-variant.ts';
import { recipeSchema } from './recipe-schema.ts';
import { variantSchema, type ProviderSection, type Recipe, type RecipeKind } from './schema/recipe.ts';
import { markMatrix, withEntry, type MapNode, type Source, type TreeNode } from './tree.ts';
import { variantNamer, type ParamValue } from './variant-name.ts';
import { z } from 'zod';

/** Where a value of a resolved recipe came from. */
export type Origin = { from: Source; line: number; column: number } | { from: 'default' };

/** One variant of a recipe, ready to be planned. */
export interface Task {
  /** Name of the recipe. */
  recipe: string;
  /** Name of the variant, unique in its recipe; safe as file, host and container name. */
  variant: string;
  /** Identity: hash of the resolved recipe. Resume, comparison and history match by it. */
  key: string;
  dir: string;
  file: string;
  kind: RecipeKind;
  resolved: Recipe;
  /** What the matrices set, by the path they name. */
  params: Record<string, ParamValue>;
  /** Where each value of `resolved` came from, by dotted path. */
  readonly origins: Record<string, Origin>;
}

export interface BuildInput {
  root: MapNode;
  file: string;
  dir: string;
  name: string;
  engines: readonly Engine[];
  providers: readonly ProviderSection[];
  signal?: AbortSignal | undefined;
}

/** More values than this over all variants would take minutes to check. */
const MAX_WORK = 10_000_000;

/** Checks every variant. Problems are those of all variants; equal ones are told once by the caller. */
export function buildTasks(input: BuildInput): { tasks: Task[]; problems: Problem[] } {
  const { root, file, engines, providers } = input;
  const schema = variantSchema({ engines, providers });
  const matricesEntry = root.entries.get('matrices');
  const base = withEntry(root, 'matrices', null);
  const problems: Problem[] = [];
  let combinations: Combination[] = [[]];
  let namedKeys: readonly string[] = [];
  if (matricesEntry) {
    markMatrix(matricesEntry.node);
    const read = readMatrices(matricesEntry.node, file);
    problems.push(...read.problems);
    if (read.matrices) {
      namedKeys = read.matrices.namedKeys;
      combinations = read.matrices.build();
    }
    if (Number(read.matrices?.count ?? 0n) * base.size > MAX_WORK) {
      problems.push({
        file,
        ...matricesEntry.keyAt,
        message: `${combinations.length} variants of a recipe this long are too many to check`,
        hint: 'take values away',
      });
      return { tasks: [], problems };
    }
  }
  let jsonSchema: unknown;
  const context = {
    file,
    partial: problems.length > 0,
    engines,
    sections: new Set(Object.keys(schema.shape)),
    parse: (value: unknown) => {
      const result = schema.safeParse(value);
      return result.success ? { success: true as const, data: result.data } : { success: false as const, issues: result.error.issues };
    },
    jsonSchema: () => (jsonSchema ??= z.toJSONSchema(recipeSchema({ engines, providers }), { io: 'input', unrepresentable: 'any' })),
  };
  const variants: ResolvedVariant[] = [];
  for (const combination of combinations) {
    input.signal?.throwIfAborted();
    const { resolved, problems: found } = resolveVariant(base, combination, context);
    problems.push(...found);
    if (resolved) variants.push(resolved);
    // Thousands of variants repeat the same few faults.
    if (problems.length > 5000) break;
  }
  if (problems.length > 0) return { tasks: [], problems };
  return nameTasks(variants, namedKeys, input, matricesEntry?.node);
}

function nameTasks(
  variants: readonly ResolvedVariant[],
  namedKeys: readonly string[],
  input: BuildInput,
  matrices: TreeNode | undefined,
): { tasks: Task[]; problems: Problem[] } {
  const name = variantNamer(namedKeys);
  const problems: Problem[] = [];
  const tasks = variants.map((v) => ({
    recipe: input.name,
    variant: name(v.params, { gpu: v.recipe.deploy.gpu, count: v.recipe.deploy.gpu_count }),
    key: taskKey(v.recipe),
    dir: input.dir,
    file: input.file,
    kind: v.recipe.kind,
    resolved: v.recipe,
    params: v.params,
    get origins() {
      return originsOf(v.recipe, v.tree);
    },
  }));
  const byKey = new Map<string, (typeof tasks)[number]>();
  for (const task of tasks) {
    const twin = byKey.get(task.key);
    if (twin && matrices) {
      problems.push({
        file: input.file,
        ...matrices.at,
        message: `two variants are the same: ${describe(task.params)}`,
        hint: 'take one of them away, or use benchmark.repeats to measure it again',
      });
    }
    byKey.set(task.key, task);
  }
  // The last resort: names that differ only in what a name cannot show (the number 1 and the text "1") get a part of their keys.
  for (const same of groupBy(tasks, ({ variant }) => variant).values())
    if (same.length > 1) for (const task of same) task.variant = `${task.variant.slice(0, 56).replace(/-$/, '')}-${hashOf(task.key, 6)}`;
  return { tasks, problems };
}

function describe(params: Readonly<Record<string, ParamValue>>): string {
  const text = Object.entries(params)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** Dotted path of every leaf, and where it was written. */
function originsOf(recipe: Recipe, tree: TreeNode): Record<string, Origin> {
  const origins: Record<string, Origin> = {};
  const walk = (value: unknown, node: TreeNode | undefined, path: string): void => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isMap && Object.keys(value).length > 0 && (node === undefined || node.kind === 'map')) {
      for (const [key, inner] of Object.entries(value)) {
        if (inner === undefined) continue;
        walk(inner, node?.kind === 'map' ? node.entries.get(key)?.node : undefined, path === '' ? key : `${path}.${key}`);
      }
    } else if (path !== 'kind')
      origins[path] = node ? { from: node.from, line: node.at.line, column: node.at.column } : { from: 'default' };
  };
  walk(recipe, tree, '');
  return origins;
}
