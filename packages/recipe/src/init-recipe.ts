import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, didYouMean, EXIT, messageOf } from '@bench/core';
import { recipeJsonSchema } from './recipe-schema.ts';
import { TEMPLATES } from './templates/index.ts';

const SCHEMA_FILE = 'recipe.schema.json';

/** The templates of {@link initRecipe}, for a list. */
export function listTemplates(): { name: string; summary: string }[] {
  return TEMPLATES.map(({ name, summary }) => ({ name, summary }));
}

/**
 * Writes a recipe to start from into `directory` (made when it is not there), and beside it the schema its editor line names; a
 * schema that is there already is left alone. Returns the paths of what was written.
 * @throws BenchError `BENCH_INIT` (exit code 2) when the template is not known, a recipe is there already, or the folder cannot be written.
 */
export async function initRecipe(options: { template: string; directory: string; signal?: AbortSignal | undefined }): Promise<string[]> {
  options.signal?.throwIfAborted();
  const template = TEMPLATES.find((t) => t.name === options.template);
  if (!template) {
    const names = TEMPLATES.map((t) => t.name);
    throw failure(`there is no template "${options.template}"`, didYouMean(options.template, names) ?? `templates: ${names.join(', ')}`);
  }
  const recipe = join(options.directory, 'recipe.yaml');
  const schema = join(options.directory, SCHEMA_FILE);
  try {
    await mkdir(options.directory, { recursive: true });
    await create(recipe, `# yaml-language-server: $schema=./${SCHEMA_FILE}\n${template.yaml}`, options.signal);
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') throw failure(`${recipe} is there already`, 'choose another folder, or remove it');
    options.signal?.throwIfAborted();
    throw failure(`cannot write ${recipe}: ${messageOf(error)}`, 'choose a folder you may write to');
  }
  try {
    await create(schema, `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`, options.signal);
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return [recipe];
    await rm(recipe, { force: true });
    options.signal?.throwIfAborted();
    throw failure(`cannot write ${schema}: ${messageOf(error)}`, 'choose a folder you may write to');
  }
  return [recipe, schema];
}

const create = (path: string, text: string, signal: AbortSignal | undefined) =>
  writeFile(path, text, { flag: 'wx', ...(signal ? { signal } : {}) });

const failure = (message: string, hint: string) => new BenchError({ code: 'BENCH_INIT', message, hint, exitCode: EXIT.usage });
