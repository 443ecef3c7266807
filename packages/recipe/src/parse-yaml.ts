import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type ParsedNode } from 'yaml';
import type { Problem } from './problem.ts';
import type { MapEntry, Position, TreeNode } from './tree.ts';

/** Values of one file, aliases counted at every use. A recipe of thousands of lines stays far below. */
const MAX_VALUES = 50_000;
const MAX_DEPTH = 100;
/**
 * What may be open before the parser is asked at all. It recurses, in quadratic time, and a stack that runs out inside a regular
 * expression ends the whole process instead of throwing.
 */
const MAX_OPEN = { brackets: 128, indent: 256, indicators: 64 };
/** Faults of the syntax that are told; what follows the first few follows from them. */
const MAX_FAULTS = 10;

const MESSAGES: Record<string, { message: string; hint: string | null }> = {
  TAB_AS_INDENT: { message: 'a tab is used for indentation', hint: 'YAML wants spaces' },
  TOO_DEEP: { message: 'the YAML is nested too deeply', hint: null },
  MULTIPLE_DOCS: { message: 'a second YAML document begins here', hint: 'one file holds one recipe: remove the "---" and what follows' },
};

/**
 * Reads YAML 1.2 (core schema: `12:00:00` and `yes` are text) into a tree with positions. Anchors and `<<` merge keys work.
 * Every fault of the syntax is reported; `root` is null when there is no tree to look at.
 */
export function parseYaml(text: string, file: string): { root: TreeNode | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const lines = new LineCounter();
  const position = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail = (at: Position, message: string, hint: string | null = null) => problems.push({ file, ...at, message, hint });

  const deep = tooDeepAt(text);
  if (deep) {
    fail(deep, 'the YAML is nested or indented too deeply');
    return { root: null, problems };
  }
  let document: ReturnType<typeof parseDocument>;
  try {
    // uniqueKeys is checked below: the library's own check is quadratic in the number of keys.
    document = parseDocument(text, {
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      version: '1.2',
      schema: 'core',
      logLevel: 'error',
    });
  } catch (error) {
    // The parser is recursive: the only thing it throws on text is a stack overflow.
    fail({ line: 1, column: 1 }, error instanceof RangeError ? 'the YAML is nested too deeply' : 'the YAML cannot be read');
    return { root: null, problems };
  }
  for (const fault of [...document.errors, ...document.warnings].slice(0, MAX_FAULTS)) {
    const first = (fault.message.split('\n')[0] ?? '').trim().slice(0, 200);
    const known = MESSAGES[/call stack/i.test(first) ? 'TOO_DEEP' : fault.code];
    fail(position(fault.pos[0]), known?.message ?? `not valid YAML: ${lowerFirst(first)}`, known?.hint ?? null);
  }
  if (document.errors.length > 0 || document.contents === null) return { root: null, problems };

  const anchors = new Map<string, TreeNode | null>();
  const at = (node: ParsedNode) => position(node.range?.[0]);
  let broken = false;
  const nothing = (where: Position): TreeNode => ({ kind: 'scalar', value: null, at: where, from: 'recipe', size: 1 });

  /** A literal block keeps its lines, so that a place in its text can be found again in the file. */
  const blockColumn = (node: ParsedNode): number | undefined => {
    if (!isScalar(node) || node.type !== 'BLOCK_LITERAL' || !node.range) return undefined;
    const first = /\n(?:[ \t]*\n)*( *)\S/.exec(text.slice(node.range[0], node.range[1]).replaceAll('\r', ''));
    return first ? (first[1]?.length ?? 0) + 1 : undefined;
  };

  const build = (node: ParsedNode, depth: number): TreeNode => {
    if (depth > MAX_DEPTH) {
      fail(at(node), 'the YAML is nested too deeply');
      broken = true;
      return nothing(at(node));
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target) return target;
      fail(at(node), target === null ? `the alias "*${node.source}" contains itself` : `the alias "*${node.source}" has no anchor`);
      broken = true;
      return nothing(at(node));
    }
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor) anchors.set(anchor, null);
    const tree = buildPlain(node, depth);
    if (anchor) anchors.set(anchor, tree);
    return tree;
  };

  const buildPlain = (node: ParsedNode, depth: number): TreeNode => {
    if (isScalar(node)) {
      const value = node.value;
      const plain = typeof value === 'bigint' ? Number(value) : value;
      if (plain === null || ['string', 'number', 'boolean'].includes(typeof plain)) {
        return {
          kind: 'scalar',
          value: plain as string | number | boolean | null,
          at: at(node),
          from: 'recipe',
          size: 1,
          blockColumn: blockColumn(node),
        };
      }
      fail(at(node), 'a value of this kind cannot be used in a recipe', 'write text, a number, true or false');
      broken = true;
      return nothing(at(node));
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => build(item, depth + 1));
      return { kind: 'list', items, at: at(node), from: 'recipe', size: sum(items) };
    }
    if (!isMap(node)) return nothing(at(node));
    const entries = new Map<string, MapEntry>();
    const merged = new Map<string, MapEntry>();
    for (const pair of node.items as { key: ParsedNode; value: ParsedNode | null }[]) {
      const keyAt = at(pair.key);
      if (!isScalar(pair.key) || pair.key.value === null) {
        fail(keyAt, 'a key must be a word');
        broken = true;
        continue;
      }
      const key = String(pair.key.value);
      const value = pair.value ? build(pair.value, depth + 1) : nothing(keyAt);
      if (key === '<<') {
        for (const source of value.kind === 'list' ? value.items : [value]) {
          if (source.kind === 'map') for (const [k, entry] of source.entries) if (!merged.has(k)) merged.set(k, entry);
          if (source.kind !== 'map') fail(keyAt, '"<<" merges maps, and this is not one');
        }
      } else if (key === '__proto__') fail(keyAt, 'the key "__proto__" is not allowed');
      else if (entries.has(key)) {
        fail(keyAt, `the key "${key}" is already given on line ${entries.get(key)?.keyAt.line}`, 'keep one of them');
      } else entries.set(key, { keyAt, node: value });
    }
    for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
    return { kind: 'map', entries, at: at(node), from: 'recipe', size: sum([...entries.values()].map((e) => e.node)) };
  };

  const root = build(document.contents as ParsedNode, 0);
  // A value that is not there would be complained about a second time, as a missing one.
  if (broken) return { root: null, problems };
  if (root.size > MAX_VALUES) {
    fail(
      root.at,
      `the file holds ${root.size > 1e9 ? 'billions of' : root.size} values once its aliases are followed, and ${MAX_VALUES} are allowed`,
      'a recipe is small: use fewer or shorter aliases',
    );
    return { root: null, problems };
  }
  return { root, problems };
}

/** Brackets and dashes inside of text count too; nobody writes that many of them. */
function tooDeepAt(text: string): Position | null {
  let open = 0;
  let line = 0;
  for (const content of text.split('\n')) {
    line++;
    const indent = content.search(/[^ \t\r]/);
    if (indent > MAX_OPEN.indent) return { line, column: indent + 1 };
    let indicators = 0;
    for (const { 0: sign, index } of content.matchAll(/[[\]{}]|[-?:](?=[ \t])/g)) {
      if (sign === '[' || sign === '{') open++;
      else if (sign === ']' || sign === '}') open = Math.max(0, open - 1);
      else indicators++;
      if (open > MAX_OPEN.brackets || indicators > MAX_OPEN.indicators) return { line, column: index + 1 };
    }
  }
  return null;
}

const sum = (nodes: readonly TreeNode[]) => nodes.reduce((total, node) => total + node.size, 1);
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
