import { nearest } from '@bench/core';
import { checkRecipe } from './check-recipe.ts';
import type { Engine } from './engines/engine.ts';
import { fillDefaults } from './fill-defaults.ts';
import { MISSING, problemsOf } from './issues.ts';
import { leafPaths, type Combination } from './matrices.ts';
import type { Problem } from './problem.ts';
import { KIND_SECTIONS, type Recipe, type RecipeKind } from './schema/recipe.ts';
import { emptyMap, mergeTrees, plainOf, withEntry, type MapNode, type TreeNode } from './tree.ts';
import type { ParamValue } from './variant-name.ts';

export interface ResolveContext {
  file: string;
  engines: readonly Engine[];
  /** The matrices could not be read: what is missing may stand there, and is not complained about. */
  partial: boolean;
  /** Keys at the top of a recipe. */
  sections: ReadonlySet<string>;
  parse(value: unknown): { success: true; data: unknown } | { success: false; issues: Parameters<typeof problemsOf>[0] };
  jsonSchema(): unknown;
}

export interface ResolvedVariant {
  recipe: Recipe;
  /** What was written, after the merge. */
  tree: MapNode;
  params: Record<string, ParamValue>;
}

const KIND_NAMES: Record<RecipeKind, string> = {
  inference: 'an inference recipe',
  service: 'a service recipe',
  command: 'a command recipe',
};

/** Lays one combination on the recipe, checks the result and fills in what was left out. */
export function resolveVariant(
  base: MapNode,
  combination: Combination,
  context: ResolveContext,
): { resolved: ResolvedVariant | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const isCommand = base.entries.has('command');
  let tree = base;
  const params: Record<string, ParamValue> = {};
  const seen = new Set<string>();
  for (const { key, keyAt, node } of combination) {
    const leaves = new Set<string>();
    leafPaths(key, node, leaves);
    for (const leaf of leaves) {
      if (seen.has(leaf))
        problems.push({ file: context.file, ...keyAt, message: `"${leaf}" is given twice for one variant`, hint: 'keep one of them' });
      seen.add(leaf);
    }
    const segments = key.split('.');
    const variable = isCommand && segments.length === 1 && !context.sections.has(key);
    if (segments.includes('') || segments.includes('__proto__')) {
      problems.push({
        file: context.file,
        ...keyAt,
        message: `"${key}" is not a path`,
        hint: 'write names with single dots between them, "deploy.gpu"',
      });
      continue;
    }
    tree = assign(tree, variable ? ['command', 'variables', key] : segments, keyAt, node, variable);
    addParams(params, key, node);
  }
  tree = fillEmptySections(tree, context);
  const kind = kindOf(tree, context.file, problems);
  if (!kind && context.partial) return { resolved: null, problems: [] };
  if (!kind) return { resolved: null, problems };
  for (const [key, entry] of tree.entries) {
    if (Object.hasOwn(KIND_SECTIONS, key) && !KIND_SECTIONS[key]?.includes(kind)) {
      problems.push({ file: context.file, ...entry.keyAt, message: `"${key}" does not belong in ${KIND_NAMES[kind]}`, hint: null });
    }
  }
  tree = dropUnwantedEngines(tree);
  const plain = plainOf(tree);
  const parsed = context.parse(plain);
  if (parsed.success) {
    const recipe = { ...(parsed.data as Recipe), kind };
    problems.push(...checkRecipe(recipe, { file: context.file, engines: context.engines, tree, params, sound: () => !context.partial }));
    return { resolved: problems.length > 0 ? null : { recipe: fillDefaults(recipe, context.engines), tree, params }, problems };
  }
  const told = problemsOf(parsed.issues, { file: context.file, tree, schema: context.jsonSchema });
  problems.push(...(context.partial ? told.filter((p) => !p.message.endsWith(MISSING)) : told));
  problems.push(...checkSoundSections(plain, parsed.issues, kind, { tree, params }, context));
  return { resolved: null, problems };
}

/** One faulty section must not hide what is wrong with the others: they are checked without it. */
function checkSoundSections(
  plain: unknown,
  issues: readonly { path: readonly PropertyKey[]; code?: string; keys?: string[] }[],
  kind: RecipeKind,
  written: Pick<ResolvedVariant, 'tree' | 'params'>,
  context: ResolveContext,
): Problem[] {
  const faulty = new Set(issues.flatMap((i) => (i.path.length > 0 ? [String(i.path[0])] : (i.keys ?? []))));
  const rest = Object.fromEntries(Object.entries(plain as Record<string, unknown>).filter(([key]) => !faulty.has(key)));
  const parsed = context.parse(rest);
  if (!parsed.success) return [];
  return checkRecipe(
    { ...(parsed.data as Recipe), kind },
    { file: context.file, engines: context.engines, ...written, sound: (section) => !context.partial && !faulty.has(section) },
  );
}

function assign(
  tree: MapNode,
  path: readonly string[],
  keyAt: { line: number; column: number },
  node: TreeNode,
  variable: boolean,
): MapNode {
  // A matrix's null takes the recipe's value away; as a command's variable it is a value.
  if (node.kind === 'scalar' && node.value === null && !variable) return removePath(tree, path);
  let wrapped = node;
  for (const segment of path.toReversed())
    wrapped = { ...emptyMap(keyAt, 'matrix'), entries: new Map([[segment, { keyAt, node: wrapped }]]) };
  return mergeTrees(tree, wrapped) as MapNode;
}

function removePath(tree: MapNode, path: readonly string[]): MapNode {
  const [head, ...rest] = path;
  const entry = head === undefined ? undefined : tree.entries.get(head);
  if (head === undefined || !entry) return tree;
  if (rest.length === 0) return withEntry(tree, head, null);
  return entry.node.kind === 'map' ? withEntry(tree, head, { ...entry, node: removePath(entry.node, rest) }) : tree;
}

function addParams(params: Record<string, ParamValue>, key: string, node: TreeNode): void {
  if (node.kind === 'scalar') params[key] = node.value;
  else if (node.kind === 'list' || node.entries.size === 0) params[key] = JSON.stringify(plainOf(node));
  else for (const [k, entry] of node.entries) addParams(params, `${key}.${k}`, entry.node);
}

/** A section with nothing after its colon is an empty one: `vllm:` chooses vLLM with its defaults. */
function fillEmptySections(tree: MapNode, context: ResolveContext): MapNode {
  const fill = (map: MapNode, wanted: (key: string) => boolean): MapNode => {
    let out = map;
    for (const [key, entry] of map.entries) {
      if (wanted(key) && entry.node.kind === 'scalar' && entry.node.value === null)
        out = withEntry(out, key, { ...entry, node: emptyMap(entry.keyAt, entry.node.from) });
    }
    return out;
  };
  const inside = (map: MapNode, key: string, change: (inner: MapNode) => MapNode): MapNode => {
    const entry = map.entries.get(key);
    return entry?.node.kind === 'map' ? withEntry(map, key, { ...entry, node: change(entry.node) }) : map;
  };
  const engines = new Set(context.engines.map((e) => e.name));
  const filled = fill(tree, (key) => context.sections.has(key) && key !== 'kind' && key !== 'description');
  return inside(filled, 'engine', (engine) =>
    inside(
      fill(engine, (k) => k === 'llm'),
      'llm',
      (llm) => fill(llm, (k) => engines.has(k) || k === 'docker_options'),
    ),
  );
}

/** A key that is nearly one of those that make a recipe. */
function misspelled(tree: MapNode): { key: string; near: string; at: { line: number; column: number } } | null {
  for (const [key, { keyAt }] of tree.entries) {
    const near = Object.hasOwn(KIND_SECTIONS, key) ? undefined : nearest(key, ['model', 'engine', 'service', 'command']);
    if (near !== undefined) return { key, near, at: { line: keyAt.line, column: keyAt.column } };
  }
  return null;
}

function kindOf(tree: MapNode, file: string, problems: Problem[]): RecipeKind | null {
  const found = (['command', 'service'] as const).filter((k) => tree.entries.has(k)) as RecipeKind[];
  const marks = ['engine', 'model'].filter((k) => tree.entries.has(k));
  if (found.length === 0 && marks.length > 0) found.push('inference');
  if (found.length === 0) {
    const meant = misspelled(tree);
    if (meant) {
      problems.push({ file, ...meant.at, message: `unknown key "${meant.key}"`, hint: `did you mean "${meant.near}"?` });
      return null;
    }
    problems.push({
      file,
      ...tree.at,
      message: 'this is no recipe yet: it has neither "model" and "engine", nor "service", nor "command"',
      hint: '"bench init" writes one to start from',
    });
    return null;
  }
  if (found.length > 1)
    problems.push({
      file,
      ...(tree.entries.get('service')?.keyAt ?? tree.at),
      message: 'a recipe has a "command" or a "service", not both',
      hint: null,
    });
  if (found.length > 1) return null;
  const said = tree.entries.get('kind');
  if (said?.node.kind === 'scalar' && said.node.value !== found[0]) {
    problems.push({
      file,
      ...said.node.at,
      message: `kind is "${String(said.node.value)}", but the sections make it "${found[0]}"`,
      hint: 'leave kind out',
    });
  }
  return found[0] ?? null;
}

/** deplodock's way to say "not SGLang": an empty image. */
function dropUnwantedEngines(tree: MapNode): MapNode {
  const engine = tree.entries.get('engine');
  const llm = engine?.node.kind === 'map' ? engine.node.entries.get('llm') : undefined;
  if (engine?.node.kind !== 'map' || llm?.node.kind !== 'map') return tree;
  let inner = llm.node;
  for (const [key, entry] of llm.node.entries) {
    const image = entry.node.kind === 'map' ? entry.node.entries.get('image')?.node : undefined;
    if (image?.kind === 'scalar' && image.value === '') inner = withEntry(inner, key, null);
  }
  return withEntry(tree, 'engine', { ...engine, node: withEntry(engine.node, 'llm', { ...llm, node: inner }) });
}
