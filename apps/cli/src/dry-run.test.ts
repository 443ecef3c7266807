import { expandRecipe, parseRecipe } from '@bench/recipe';
import { expect, it } from 'vitest';
import { dryRun } from './dry-run.ts';

const tasks = (yaml: string) => expandRecipe(parseRecipe(yaml, { file: '/r/recipe.yaml', dir: '/r', name: 'r' }));

it('shows one deployment for tasks that share it, with every point', () => {
  const text = dryRun(
    tasks(
      'model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\nbenchmark: {num_prompts: 5, random_input_len: {min: 10, max: 20}}\nmatrices: {cross: {deploy.gpu: NVIDIA H200, benchmark.max_concurrency: [1, 2]}}\n',
    ),
    { site: 'local', json: false },
  );
  expect(text.match(/^deploy vllm on NVIDIA H200/gm)).toHaveLength(1);
  expect(text).toContain('python3 -m vllm.entrypoints.openai.api_server --model org/m');
  expect(text).toMatch(/measure r\/h200x1-mc1\n {4}c=1 {2}5 requests, 10–20 tokens in, 8000 out/);
});

it('says what cannot run here instead of planning it', () => {
  const text = dryRun(tasks('command: {run: "true"}\nmatrices: [{deploy.gpu: NVIDIA L4}]\n'), { site: 'local', json: false });
  expect(text).toContain('cannot run here');
  expect(text).not.toContain('stop the engine');
});

it('gives the same as JSON', () => {
  const list = tasks('model: {random: tiny}\n');
  const plan = JSON.parse(dryRun(list, { site: 'local', json: true })) as { deployments: { engine: string; tasks: { key: string }[] }[] };
  expect(plan.deployments.map((d) => [d.engine, d.tasks.map((t) => t.key)])).toEqual([['embedded', list.map((t) => t.key)]]);
});
