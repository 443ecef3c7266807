import type { Problem } from './problem.ts';
import type { MapEntry, MapNode, Position, TreeNode } from './tree.ts';

/** More variants than this are a mistake. */
export const MAX_VARIANTS = 10_000;

/** One key of one variant, as written in `matrices`. */
export interface Assignment {
  /** Dotted path, or a command's variable. */
  key: string;
  keyAt: Position;
  node: TreeNode;
}
export type Combination = readonly Assignment[];

/** What `matrices` says, before anything is built. */
export interface Matrices {
  count: bigint;
  /** Keys whose values make variants different, and so are part of their names. */
  namedKeys: readonly string[];
  build(): Combination[];
}

type Fail = (at: Position, message: string, hint?: string | null) => void;

/** Variants side by side: a list axis, a nested combinator, or the entries of a list of maps. */
interface Axis {
  count: bigint;
  at: Position;
  label: string;
  build(): Combination[];
}

/**
 * Reads `matrices` in both forms: a list of entries (lists in one entry are taken together), or a map with `cross` and `zip`.
 * `isVariable` keys may be anything; nothing is built here, so a huge product costs nothing.
 */
export function readMatrices(node: TreeNode, file: string): { matrices: Matrices | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const fail: Fail = (at, message, hint = null) => problems.push({ file, line: at.line, column: at.column, message, hint });
  const axis = node.kind === 'list' ? entriesAxis(node.items, node.at, fail) : node.kind === 'map' ? combine(node, 'zip', fail) : null;
  if (!axis) fail(node.at, 'matrices is a list of entries, or a map with cross and zip', 'leave it out when there is one variant');
  if (!axis || problems.length > 0) return { matrices: null, problems };
  if (axis.count > BigInt(MAX_VARIANTS)) {
    fail(node.at, `matrices make ${axis.count} variants, and ${MAX_VARIANTS} are allowed`, 'take values away, or zip some axes');
    return { matrices: null, problems };
  }
  const keys = new Set<string>();
  collectKeys(node, node.kind === 'list', keys);
  return { matrices: { count: axis.count, namedKeys: [...keys].sort(), build: axis.build }, problems };
}

function entriesAxis(items: readonly TreeNode[], at: Position, fail: Fail): Axis {
  if (items.length === 0) fail(at, 'matrices is an empty list, which makes no variant', 'leave it out when there is one variant');
  const axes = items.flatMap((item) => {
    if (item.kind === 'map') return [combine(item, 'zip', fail)];
    fail(item.at, 'an entry of matrices is a map of "path: value"');
    return [];
  });
  return { count: axes.reduce((n, a) => n + a.count, 0n), at, label: 'matrices', build: () => axes.flatMap((a) => a.build()) };
}

/** One map: its scalars go to every variant, its lists and nested combinators are axes. */
function combine(map: MapNode, mode: 'zip' | 'cross', fail: Fail): Axis {
  const constants: Assignment[] = [];
  const axes: Axis[] = [];
  for (const [key, entry] of map.entries) {
    const { node, keyAt } = entry;
    if (isCombinator(key, entry)) axes.push({ ...combine(node as MapNode, key as 'zip' | 'cross', fail), at: keyAt, label: key });
    else if (node.kind === 'list') {
      if (node.items.length === 0) fail(keyAt, `"${key}" has no values, which makes no variant`);
      axes.push({
        count: BigInt(node.items.length),
        at: keyAt,
        label: key,
        build: () => node.items.map((item) => [{ key, keyAt, node: item }]),
      });
    } else constants.push({ key, keyAt, node });
  }
  if (map.entries.size === 0) fail(map.at, 'this part of matrices is empty');
  const label = mode;
  if (mode === 'cross') {
    const count = axes.reduce((n, a) => n * a.count, 1n);
    const build = () => axes.reduce<Combination[]>((all, a) => product(all, a.build()), [constants]);
    return { count, at: map.at, label, build };
  }
  const first = axes[0];
  const other = axes.find((a) => a.count !== first?.count);
  if (first && other) {
    fail(
      other.at,
      `"${other.label}" has ${other.count} values and "${first.label}" has ${first.count}: lists that are taken together need one length`,
      'put independent axes under "cross"',
    );
  }
  return {
    count: first?.count ?? 1n,
    at: map.at,
    label,
    build: () => {
      if (!first) return [constants];
      const built = axes.map((a) => a.build());
      return Array.from({ length: Number(first.count) }, (_, i) => [...constants, ...built.flatMap((b) => b[i] ?? [])]);
    },
  };
}

const product = (left: readonly Combination[], right: readonly Combination[]): Combination[] =>
  left.flatMap((l) => right.map((r) => [...l, ...r]));

/** `cross` and `zip` combine only when they hold a map; else they are keys like any other. */
function isCombinator(key: string, entry: MapEntry): boolean {
  return (key === 'cross' || key === 'zip') && entry.node.kind === 'map';
}

/**
 * In a list every key of every entry tells variants apart; in a map only its lists do, for its scalars go to all variants. That a
 * list grows changes neither.
 */
function collectKeys(node: TreeNode, all: boolean, into: Set<string>): void {
  if (node.kind === 'list') for (const item of node.items) collectKeys(item, all, into);
  if (node.kind !== 'map') return;
  for (const [key, entry] of node.entries) {
    if (isCombinator(key, entry)) collectKeys(entry.node, all, into);
    else if (entry.node.kind === 'list') {
      for (const item of entry.node.items) leafPaths(key, item, into);
    } else if (all) leafPaths(key, entry.node, into);
  }
}

/** The dotted paths of the leaves of a value: a map is many, anything else is one. */
export function leafPaths(prefix: string, node: TreeNode, into: Set<string>): void {
  if (node.kind !== 'map' || node.entries.size === 0) into.add(prefix);
  else for (const [key, entry] of node.entries) leafPaths(`${prefix}.${key}`, entry.node, into);
}
