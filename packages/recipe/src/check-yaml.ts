import { z } from 'zod';
import { problemsOf } from './issues.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problem } from './problem.ts';
import { plainOf } from './tree.ts';

/**
 * Reads YAML of any kind against a schema, with the messages and positions that recipes have: unknown keys with the nearest known one,
 * wrong values with where they stand, but no text repeated, which may be a secret. An empty text is an empty map. `written` is what the text says, untouched; both are null when there are problems.
 */
export function checkYaml<S extends z.ZodType>(
  text: string,
  o: { file: string; schema: S },
): { value: z.output<S> | null; written: unknown; problems: Problem[] } {
  const { root, problems } = parseYaml(text.replace(/^\uFEFF/, ''), o.file);
  if (problems.length > 0) return { value: null, written: null, problems };
  const written = root === null ? {} : plainOf(root);
  const checked = o.schema.safeParse(written);
  if (checked.success) return { value: checked.data, written, problems: [] };
  const tree = root ?? { kind: 'map' as const, at: { line: 1, column: 1 }, from: 'recipe' as const, size: 1, entries: new Map() };
  const schema = () => z.toJSONSchema(o.schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return { value: null, written: null, problems: problemsOf(checked.error.issues, { file: o.file, tree, schema, hideText: true }) };
}
