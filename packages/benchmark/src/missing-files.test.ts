import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecipe, type Task } from '@bench/recipe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingFiles } from './index.ts';

describe('missingFiles', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bench-missing-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const task = (gguf: string, more: object = {}): Task =>
    parseRecipe(JSON.stringify({ model: { gguf }, engine: { llm: { llamacpp: {} } }, ...more }), { file: join(dir, 'recipe.yaml'), dir })
      .tasks[0] as Task;
  const messages = async (tasks: readonly Task[], site: 'local' | 'docker' | 'ssh') =>
    (await missingFiles(tasks, site)).map(({ message }) => message);

  it('looks here for a model with an absolute path only where the engine runs here', async () => {
    const path = join(dir, 'absent', 'm.gguf');
    for (const site of ['local', 'docker'] as const) expect(await messages([task(path)], site)).toEqual([`${path} does not exist`]);
    expect(await messages([task(path)], 'ssh')).toEqual([]);
  });

  it('looks here for what is copied from here, on every site', async () => {
    await writeFile(join(dir, 'there.gguf'), '');
    const prompts = { benchmark: { dataset: { type: 'jsonl', path: 'prompts.jsonl' } } };
    const tasks = [task('there.gguf'), task('absent.gguf', prompts), task('absent.gguf')];
    for (const site of ['local', 'docker', 'ssh'] as const)
      expect(await messages(tasks, site)).toEqual([
        `${join(dir, 'absent.gguf')} does not exist`,
        `${join(dir, 'prompts.jsonl')} does not exist`,
      ]);
  });
});
