import { z } from 'zod';
import { BUILTIN_ENGINES } from './engines/index.ts';
import { variantSchema, type SchemaOptions } from './schema/recipe.ts';

const matricesSchema = z
  .union([z.array(z.record(z.string(), z.json())).min(1), z.record(z.string(), z.json())])
  .describe(
    'Variants. A list of entries, where lists are taken together; or a map with "cross" (independent axes) and "zip". Keys are dotted paths.',
  );

/** The schema of a recipe file as it is written, made of the engines and provider sections that are passed in. */
export function recipeSchema(options: Partial<SchemaOptions> = {}) {
  const schema = variantSchema({ engines: options.engines ?? BUILTIN_ENGINES, providers: options.providers ?? [] });
  return z.strictObject({ ...schema.shape, matrices: matricesSchema.optional() });
}

/** JSON Schema (draft 7, which every editor understands) of a recipe file. Default: with the built-in engines and sections. */
export function recipeJsonSchema(options: Partial<SchemaOptions> = {}): unknown {
  const { $schema, ...schema } = z.toJSONSchema(recipeSchema(options), { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return { $schema, title: 'bench recipe', ...schema };
}
