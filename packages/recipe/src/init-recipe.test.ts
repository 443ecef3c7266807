import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initRecipe, listTemplates, loadRecipe } from './index.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-init-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('initRecipe', () => {
  it.each(listTemplates().map((t) => t.name))('writes "%s", which loads', async (template) => {
    const directory = join(folder, 'deep', template);
    const written = await initRecipe({ template, directory });
    expect(written).toEqual([join(directory, 'recipe.yaml'), join(directory, 'recipe.schema.json')]);
    const loaded = await loadRecipe(directory);
    expect(loaded.variantCount).toBeGreaterThan(0);
    const [first] = (await readFile(join(directory, 'recipe.yaml'), 'utf8')).split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./recipe.schema.json');
    expect(JSON.parse(await readFile(join(directory, 'recipe.schema.json'), 'utf8'))).toHaveProperty('title', 'bench recipe');
  });

  it('overwrites nothing', async () => {
    await writeFile(join(folder, 'recipe.yaml'), 'mine');
    await expect(initRecipe({ template: 'vllm', directory: folder })).rejects.toMatchObject({ code: 'BENCH_INIT', exitCode: 2 });
    expect(await readFile(join(folder, 'recipe.yaml'), 'utf8')).toBe('mine');
  });

  it('names the nearest template', async () => {
    await expect(initRecipe({ template: 'vlm', directory: folder })).rejects.toMatchObject({ hint: 'did you mean "vllm"?' });
  });

  it('says why a folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(initRecipe({ template: 'vllm', directory: join(folder, 'file', 'below') })).rejects.toMatchObject({ code: 'BENCH_INIT' });
  });
});
