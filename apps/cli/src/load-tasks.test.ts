import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadTasks, type Selection } from './load-tasks.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-load-'));
  for (const name of ['a', 'b']) {
    await mkdir(join(root, name));
    await writeFile(
      join(root, name, 'recipe.yaml'),
      'model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\nmatrices: {cross: {deploy.gpu: [NVIDIA H200, NVIDIA L4], benchmark.max_concurrency: [1, 8]}}\n',
    );
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const chosen = async (selection: Partial<Selection>) =>
  (await loadTasks([join(root, 'a'), join(root, 'b')], { filter: [], ...selection })).map((task) => `${task.recipe}/${task.variant}`);

it.each<[Partial<Selection>, string[]]>([
  [{ gpu: 'h200', filter: ['max_concurrency=1'] }, ['a/h200x1-mc1', 'b/h200x1-mc1']],
  [{ gpu: 'NVIDIA H200', variants: ['a/h200x1-mc8'] }, ['a/h200x1-mc8']],
  [{ variants: ['l4x1-mc1', 'b/l4x1-mc8'] }, ['a/l4x1-mc1', 'b/l4x1-mc1', 'b/l4x1-mc8']],
])('%j', async (selection, names) => {
  expect(await chosen(selection)).toEqual(names);
});

it.each<[Partial<Selection>, string, string]>([
  [{ gpu: 'H100' }, 'no variant is for GPU "H100"', 'NVIDIA H200, NVIDIA L4'],
  [{ variants: ['l4x1-mc1', 'l4x2'] }, 'no variant is called "l4x2"', 'h200x1-mc1'],
  [{ gpu: 'L4', variants: ['h200x1-mc1'] }, 'passes the name h200x1-mc1 and GPU L4', 'bench recipe variants'],
])('%j chooses nothing, and says what there is', async (selection, message, hint) => {
  await expect(chosen(selection)).rejects.toMatchObject({
    code: 'BENCH_NO_TASKS',
    exitCode: 2,
    message: expect.stringContaining(message) as string,
    hint: expect.stringContaining(hint) as string,
  });
});
