import { didYouMean } from '@bench/core';
import type { z } from 'zod';
import type { Problem } from './problem.ts';
import { lookup, type TreeNode } from './tree.ts';

type Issue = z.core.$ZodIssue;
type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
};

export interface IssueContext {
  file: string;
  /** What was checked. */
  tree: TreeNode;
  /** JSON Schema of what was checked; made only when there is something to tell. */
  schema: () => unknown;
  /** Texts of the file are not repeated: one that stands in the wrong place may be a secret. */
  hideText?: boolean;
}

/** How the message about a value that is not there ends. */
export const MISSING = ' is missing';

/** Says in words, at a place in the file, what a schema objects to. */
export function problemsOf(issues: readonly Issue[], context: IssueContext): Problem[] {
  return issues.flatMap((issue) => translate(issue, [], context));
}

function translate(issue: Issue, prefix: readonly PropertyKey[], context: IssueContext): Problem[] {
  const path = [...prefix, ...issue.path];
  const found = lookup(context.tree, path);
  const problem = (message: string, hint: string | null = null, at = found.at): Problem => ({
    file: context.file,
    line: at.line,
    column: at.column,
    message,
    hint,
  });
  const shown = context.hideText && found.node.kind === 'scalar' && typeof found.node.value === 'string' ? 'text' : show(found.node);
  const name = path.join('.');
  const about = name === '' ? '' : `${name}: `;

  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(context.schema(), path);
    return issue.keys.map((key) => {
      const at = found.node.kind === 'map' ? found.node.entries.get(key)?.keyAt : undefined;
      return problem(
        `unknown key "${key}"${name === '' ? '' : ` in ${name}`}`,
        hintForKey(key, known, context.schema() as JsonSchema),
        at ?? found.at,
      );
    });
  }
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => translate(inner, path, context));
    const values = issue.errors.flat().flatMap((e) => (e.code === 'invalid_value' ? e.values : []));
    if (issue.message === 'Invalid input' && values.length > 0)
      return [problem(`${about}expected ${list(values)}, found ${shown}`, nearValue(found.node, values))];
    const kinds = /^Invalid discriminator value\. Expected (.+)$/
      .exec(issue.message)?.[1]
      ?.split(' | ')
      .map((kind) => kind.replace(/^'|'$/g, ''));
    if (kinds && !found.exact) return [problem(`${name}${MISSING}`, `write ${list(kinds)}`)];
    if (kinds) return [problem(`${about}expected ${list(kinds)}, found ${shown}`, nearValue(found.node, kinds))];
    const what = `${about}${issue.message === 'Invalid input' ? `this value does not fit` : issue.message}`;
    return [problem(context.hideText ? what : `${what}, found ${shown}`)];
  }
  if (issue.code === 'invalid_key' && issue.issues[0]) {
    const key = String(path.at(-1));
    const map = lookup(context.tree, path.slice(0, -1)).node;
    const at = map.kind === 'map' ? map.entries.get(key)?.keyAt : undefined;
    return [problem(`"${key}" in ${path.slice(0, -1).join('.')}: ${issue.issues[0].message}`, hintOf(issue.issues[0]), at ?? found.at)];
  }
  if (!found.exact && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return [problem(`${name}${MISSING}`)];
  if (issue.code === 'invalid_type')
    return [problem(`${about}expected ${typeWord(issue.expected)}, found ${shown}`, typeHint(issue.expected, found.node))];
  if (issue.code === 'invalid_value')
    return [problem(`${about}expected ${list(issue.values)}, found ${shown}`, nearValue(found.node, issue.values))];
  if (issue.code === 'too_small' && (issue.origin === 'string' || issue.origin === 'array') && !custom(issue))
    return [problem(`${about}may not be empty`)];
  if (issue.code === 'too_small' && !custom(issue))
    return [problem(`${about}must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}, found ${shown}`)];
  if (issue.code === 'too_big' && !custom(issue))
    return [problem(`${about}must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}, found ${shown}`)];
  return [problem(`${about}${issue.message}`, hintOf(issue))];
}

/** What the author of a check of its own says to do. */
const hintOf = (issue: Issue) => (issue.code === 'custom' && typeof issue.params?.['hint'] === 'string' ? issue.params['hint'] : null);

const custom = (issue: Issue) => !/^(Too|Invalid)/.test(issue.message);

/** The one alternative whose shape the value has; what it objects to is what the author wants to hear. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const near = branches.filter(
    (issues) =>
      !issues.some((i) => i.path.length === 0 && (i.code === 'invalid_type' || i.code === 'invalid_value' || i.code === 'invalid_union')),
  );
  if (near.length === 1) return near[0] ?? null;
  // Several objects: the one that has the keys that were written.
  const complete = near.filter(
    (issues) => !issues.some((i) => i.code === 'unrecognized_keys' || (i.code === 'invalid_type' && i.path.length === 1)),
  );
  if (complete.length > 0) return complete.length === 1 ? (complete[0] ?? null) : null;
  // None has them all: the one that needs the least.
  const wrong = (issues: readonly Issue[]) => issues.reduce((n, i) => n + (i.code === 'unrecognized_keys' ? i.keys.length : 1), 0);
  const least = Math.min(...near.map(wrong));
  const closest = near.filter((issues) => wrong(issues) === least);
  return closest.length === 1 ? (closest[0] ?? null) : null;
}

function hintForKey(key: string, known: readonly string[], schema: JsonSchema): string | null {
  const leaf = key.split('.').at(-1) ?? key;
  const elsewhere = findElsewhere(leaf, schema);
  if (key.includes('.')) return 'dotted paths are for matrices: write nested maps here';
  const near = didYouMean(key, known);
  if (near !== null) return near;
  if (elsewhere !== undefined) return `did you mean "${elsewhere}"?`;
  return known.length > 0 && known.length <= 16 ? `known here: ${known.join(', ')}` : null;
}

function resolveSchemas(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema[] {
  let level = [schema];
  for (const segment of path) {
    level = level.flatMap(alternatives).flatMap((s) => {
      if (typeof segment === 'number') return s.items ? [s.items] : [];
      const own = s.properties && Object.hasOwn(s.properties, String(segment)) ? s.properties[String(segment)] : undefined;
      return own ? [own] : typeof s.additionalProperties === 'object' ? [s.additionalProperties] : [];
    });
  }
  return level.flatMap(alternatives);
}

const alternatives = (schema: JsonSchema): JsonSchema[] => [
  schema,
  ...(schema.anyOf ?? []).flatMap(alternatives),
  ...(schema.oneOf ?? []).flatMap(alternatives),
];

/** Keys that may stand at `path`. */
export function knownKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  return [...new Set(resolveSchemas(schema as JsonSchema, path).flatMap((s) => Object.keys(s.properties ?? {})))];
}

/** Dotted path of the place nearest to the top of the schema where `key` may stand, the top itself left out. */
function findElsewhere(key: string, schema: JsonSchema): string | undefined {
  let level: [string, JsonSchema][] = [['', schema]];
  for (let depth = 0; depth < 5; depth++) {
    const next = level.flatMap(([prefix, at]) =>
      alternatives(at).flatMap((s) =>
        Object.entries(s.properties ?? {}).flatMap(([name, inner]): [string, JsonSchema][] =>
          name === 'matrices' ? [] : [[`${prefix}${name}`, inner]],
        ),
      ),
    );
    const found = depth > 0 ? next.find(([path]) => path.endsWith(`.${key}`)) : undefined;
    if (found) return found[0];
    level = next.map(([path, inner]) => [`${path}.`, inner]);
  }
  return undefined;
}

/** A value as the author wrote it, short. */
export function show(node: TreeNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  if (node.value === null) return 'nothing';
  if (typeof node.value !== 'string') return String(node.value);
  return `text "${node.value.length > 40 ? `${node.value.slice(0, 39)}…` : node.value}"`;
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  nonoptional: 'a value',
};
const typeWord = (expected: string) => TYPE_WORDS[expected] ?? expected;

function typeHint(expected: string, node: TreeNode): string | null {
  if (node.kind !== 'scalar') return null;
  if (node.value === null) return 'leave the key out for its default';
  if ((expected === 'number' || expected === 'int') && typeof node.value === 'string' && /^-?\d+(\.\d+)?$/.test(node.value))
    return 'take the quotes away';
  if (expected === 'string' && (typeof node.value === 'number' || typeof node.value === 'boolean'))
    return `put it in quotes: "${node.value}"`;
  if (expected === 'boolean' && typeof node.value === 'string' && /^(yes|no|on|off)$/i.test(node.value))
    return `write ${/^(yes|on)$/i.test(node.value) ? 'true' : 'false'}`;
  if (expected === 'array') return 'write [value], or one "- value" a line';
  return null;
}

const list = (values: readonly unknown[]) => values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join(' or ');
const nearValue = (node: TreeNode, values: readonly unknown[]) =>
  node.kind === 'scalar' && typeof node.value === 'string' ? didYouMean(node.value, values.map(String)) : null;
