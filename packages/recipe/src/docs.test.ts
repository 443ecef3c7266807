import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIENT_PRESETS, parseRecipe, recipeJsonSchema, SERVICE_PRESETS } from './index.ts';

const docs = await readFile(join(import.meta.dirname, '../../../docs/recipes.md'), 'utf8');

describe('docs/recipes.md', () => {
  const blocks = [...docs.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] ?? '');

  it.each(blocks.map((text, i) => [i, text] as const))('example %d is a recipe', (_i, text) => {
    expect(parseRecipe(text, { file: 'docs/recipes.md' }).variantCount).toBeGreaterThan(0);
  });

  it('names every key of the built-in sections', () => {
    const missing: string[] = [];
    const walk = (
      schema: { properties?: Record<string, object>; items?: object; anyOf?: object[]; additionalProperties?: object },
      depth: number,
    ) => {
      if (depth > 4) return;
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        if (!new RegExp(`\\b${key}\\b`).test(docs)) missing.push(key);
        walk(inner, depth + 1);
      }
      for (const inner of schema.anyOf ?? []) walk(inner, depth);
      if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, depth + 1);
    };
    walk(recipeJsonSchema() as object, 0);
    expect(missing).toEqual([]);
  });

  it('names every preset and its settings', () => {
    for (const preset of [...SERVICE_PRESETS, ...CLIENT_PRESETS]) {
      expect(docs).toContain(`\`${preset.name}\``);
      const shape = (preset.settings as unknown as { shape: Record<string, unknown> }).shape;
      for (const key of Object.keys(shape)) expect(docs).toContain(key);
    }
  });
});
