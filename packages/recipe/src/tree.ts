/** Where something stands in its file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Which part of the file a value came from. */
export type Source = 'recipe' | 'matrix';

interface NodeBase {
  readonly at: Position;
  /** Values below and including this one, aliases counted at every use. */
  readonly size: number;
  from: Source;
}
export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** Text after `|`: the column its lines begin at. */
  readonly blockColumn?: number | undefined;
}
export interface ListNode extends NodeBase {
  readonly kind: 'list';
  readonly items: readonly TreeNode[];
}
export interface MapEntry {
  readonly keyAt: Position;
  readonly node: TreeNode;
}
export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
}
/** A YAML value that remembers where it was written. Maps are `Map`s, so no key has a meaning to JavaScript. */
export type TreeNode = ScalarNode | ListNode | MapNode;

/** The plain value of a tree. `__proto__` was refused on the way in, so assignment is safe. */
export function plainOf(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  const out: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) out[key] = plainOf(entry.node);
  return out;
}

/** What stands at `path`, as deep as the tree goes: `exact` says whether all of it was found. */
export function lookup(root: TreeNode, path: readonly PropertyKey[]): { node: TreeNode; at: Position; exact: boolean } {
  let node = root;
  let at = root.at;
  for (const segment of path) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(segment));
      if (!entry) return { node, at, exact: false };
      node = entry.node;
      at = node.kind === 'scalar' ? node.at : entry.keyAt;
    } else if (node.kind === 'list') {
      const item = node.items[Number(segment)];
      if (!item) return { node, at, exact: false };
      node = item;
      at = item.at;
    } else return { node, at, exact: false };
  }
  return { node, at, exact: true };
}

/** Where a character of a text stands: known for the lines after `|`, else where the text begins. */
export function positionInText(node: TreeNode, offset: number): Position {
  if (node.kind !== 'scalar' || node.blockColumn === undefined) return node.at;
  const before = String(node.value).slice(0, offset).split('\n');
  return { line: node.at.line + before.length, column: node.blockColumn + (before.at(-1)?.length ?? 0) };
}

export function emptyMap(at: Position, from: Source = 'recipe'): MapNode {
  return { kind: 'map', at, from, size: 1, entries: new Map() };
}

/** A copy of the map with one entry set, or removed when `entry` is null. */
export function withEntry(map: MapNode, key: string, entry: MapEntry | null): MapNode {
  const entries = new Map(map.entries);
  if (entry) entries.set(key, entry);
  else entries.delete(key);
  return { ...map, entries };
}

/** `over` laid on `base`: maps are merged key by key, anything else replaces. */
export function mergeTrees(base: TreeNode | undefined, over: TreeNode): TreeNode {
  if (base?.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) entries.set(key, { keyAt: entry.keyAt, node: mergeTrees(entries.get(key)?.node, entry.node) });
  return { ...base, entries };
}

/** Marks a whole subtree as written in `matrices`. */
export function markMatrix(node: TreeNode, seen = new Set<TreeNode>()): void {
  if (seen.has(node)) return;
  seen.add(node);
  node.from = 'matrix';
  if (node.kind === 'list') for (const item of node.items) markMatrix(item, seen);
  if (node.kind === 'map') for (const entry of node.entries.values()) markMatrix(entry.node, seen);
}
