import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import {
  deploymentKey,
  loadPoints,
  loadRecipe,
  parseRecipe,
  recipeSchema,
  renderCommandTemplate,
  commandValues,
  type LoadedRecipe,
} from './index.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DATA = join(process.env['BENCH_TEST_DATA'] ?? join(ROOT, '../shared/data'), 'cloudrift/recipes');

/** A resolved recipe written as YAML and read again is the same task. */
function expectRoundTrip(loaded: LoadedRecipe) {
  for (const task of loaded.tasks.slice(0, 20)) {
    const again = parseRecipe(stringify(task.resolved), { file: 'resolved.yaml' });
    expect(again.tasks[0]?.resolved).toEqual(task.resolved);
    expect(again.tasks[0]?.key).toBe(task.key);
  }
}

describe('our own recipes', async () => {
  const folders = await readdir(join(ROOT, 'recipes'));
  it.each(folders)('%s', async (folder) => {
    const loaded = await loadRecipe(join(ROOT, 'recipes', folder));
    expect(loaded.name).toBe(folder);
    expect(loaded.variantCount).toBeGreaterThan(0);
    expect(loaded.raw).toHaveProperty('description');
    expect(recipeSchema().safeParse(loaded.raw).error?.issues ?? []).toEqual([]);
    for (const task of loaded.tasks) for (const { load } of loadPoints(task)) expect(load.data).toHaveProperty('kind');
    expectRoundTrip(loaded);
  });
});

describe.skipIf(!existsSync(DATA))('recipes written for deplodock', () => {
  it.each([
    ['GLM-4.5-Air-AWQ-4bit', 7],
    ['GLM-4.6-FP8', 4],
    ['Kimi-K2.5-MXFP4', 1],
    ['Meta-Llama-3.3-70B-Instruct-AWQ-INT4', 4],
    ['Qwen3-Coder-480B-A35B-Instruct-AWQ', 4],
    ['Qwen3-Embedding-0.6B', 8],
    ['Qwen3.6-35B-A3B', 2],
    ['sgemm_cublas_vs_tma', 144],
    ['test_command', 3],
    ['vllm_vs_sglang_rtx5090', 2],
  ])('%s has %d variants', async (name, count) => {
    const loaded = await loadRecipe(join(DATA, name));
    expect(loaded.variantCount).toBe(count);
    expect(recipeSchema().safeParse(loaded.raw).error?.issues ?? []).toEqual([]);
    expectRoundTrip(loaded);
  });

  it('merges as their authors meant', async () => {
    const glm = await loadRecipe(join(DATA, 'GLM-4.6-FP8'));
    expect(
      glm.tasks.map((t) => [t.params['deploy.gpu'], t.resolved.benchmark?.max_concurrency, t.resolved.engine?.llm.max_concurrent_requests]),
    ).toEqual([
      ['NVIDIA H200 141GB', 256, 512],
      ['NVIDIA B200', 256, 512],
      ['NVIDIA H100 80GB', 128, 256],
      ['NVIDIA RTX PRO 6000 Server Edition', 64, 256],
    ]);
    const compare = await loadRecipe(join(DATA, 'vllm_vs_sglang_rtx5090'));
    expect(compare.tasks.map((t) => ['vllm', 'sglang'].filter((e) => Object.hasOwn(t.resolved.engine?.llm ?? {}, e)))).toEqual([
      ['vllm'],
      ['sglang'],
    ]);
    const embedding = await loadRecipe(join(DATA, 'Qwen3-Embedding-0.6B'));
    expect(embedding.tasks.every((t) => t.resolved.benchmark?.api === 'embeddings')).toBe(true);
    const images = new Set(embedding.tasks.map((t) => `${t.params['engine.llm.vllm.image']} ${t.params['engine.llm.vllm.extra_args']}`));
    expect(images.size).toBe(2);
    // Only the load differs between the two lengths of one image on one GPU.
    expect(new Set(embedding.tasks.map((t) => deploymentKey(t.resolved))).size).toBe(4);
  });

  it('renders their commands', async () => {
    const [task] = (await loadRecipe(join(DATA, 'sgemm_cublas_vs_tma'))).tasks;
    if (!task?.resolved.command) throw new Error('no command');
    const { values, clashes } = commandValues(task.resolved, task.params);
    expect(clashes).toEqual([]);
    const script = renderCommandTemplate(task.resolved.command.run, { ...values, task_dir: '/tmp/t', repo_dir: '/tmp/r' });
    expect(script).toContain('export PATH=/usr/local/cuda/bin:$PATH\n');
    expect(script).toContain('export EMMY_GIT_REV="feature/transformer-compiler@local"\n');
    expect(script).toContain('--strategy adaptive \\\n');
    expect(script).toContain('--size 256 \\\n');
  });
});

describe('keys', () => {
  const tasks = (yaml: string) => parseRecipe(yaml, { file: 'r' }).tasks;
  const key = (yaml: string) => tasks(yaml)[0]?.key;
  const deployment = (yaml: string) => {
    const task = tasks(yaml)[0];
    return task && deploymentKey(task.resolved);
  };

  it('follow from what the recipe means, not from how it is written', () => {
    expect(key('model: {random: tiny}\nbenchmark: {seed: 0}\ndescription: a\n')).toBe(key('benchmark: {}\nmodel:\n  random: tiny\n'));
    expect(key('model: {random: tiny}\nbenchmark: {seed: 1}\n')).not.toBe(key('model: {random: tiny}\n'));
  });
  it('of a deployment leave the load out', () => {
    expect(deployment('model: {random: tiny}\nbenchmark: {seed: 1, max_concurrency: 5}\n')).toBe(deployment('model: {random: tiny}\n'));
    expect(deployment('model: {random: small}\n')).not.toBe(deployment('model: {random: tiny}\n'));
    expect(deployment('model: {random: tiny}\nengine: {llm: {max_concurrent_requests: 2}}\n')).not.toBe(
      deployment('model: {random: tiny}\n'),
    );
    expect(deployment('service: {preset: redis}\nclients: {a: {preset: redis_stress}}\n')).toBe(deployment('service: {preset: redis}\n'));
  });
  it('of commands are all different', () => {
    const keys = tasks('command: {run: "echo $a"}\nmatrices: [{a: [1, 2]}]\n').map((t) => deploymentKey(t.resolved));
    expect(new Set(keys).size).toBe(2);
  });
});

describe('the load', () => {
  const points = (benchmark: string, model = '{random: tiny}') => {
    const task = parseRecipe(`model: ${model}\nbenchmark: ${benchmark}\n`, { file: 'r', dir: '/recipes/r' }).tasks[0];
    return task ? loadPoints(task) : [];
  };

  it('has deplodock’s defaults', () => {
    expect(points('{}')).toEqual([
      {
        index: 0,
        label: '',
        load: expect.objectContaining({
          api: 'chat',
          arrival: { kind: 'closed' },
          maxConcurrency: 128,
          numPrompts: 256,
          warmupRequests: 8,
          ignoreEos: true,
          temperature: 0,
          requestTimeoutMs: 600_000,
          data: { kind: 'random', inputTokens: { min: 8000, max: 8000 }, outputTokens: { min: 8000, max: 8000 }, sharedPrefixTokens: 0 },
        }) as unknown,
      },
    ]);
  });
  it('opens the loop with a rate, and then has no cap', () => {
    expect(points('{request_rate: 5}')[0]?.load).toMatchObject({
      arrival: { kind: 'poisson', ratePerS: 5 },
      maxConcurrency: null,
      warmupRequests: 8,
    });
    expect(points('{request_rate: 5, arrival: gamma, burstiness: 0.5, max_concurrency: 3}')[0]?.load).toMatchObject({
      arrival: { kind: 'gamma', burstiness: 0.5 },
      maxConcurrency: 3,
      warmupRequests: 3,
    });
  });
  it('runs for a time instead of a number', () => {
    const load = points('{duration: 1m30s, warmup: {requests: 2}}')[0]?.load;
    expect(load).toMatchObject({ durationMs: 90_000, warmupRequests: 2 });
    expect(load).not.toHaveProperty('numPrompts');
  });
  it('warms up for a time', () => {
    const warmup = (yaml: string) => points(`{num_prompts: 9, max_concurrency: 4, warmup: ${yaml}}`)[0]?.load;
    expect(warmup('{duration: 1m30s}')).toMatchObject({ warmupMs: 90_000, warmupRequests: 1_000_000 });
    expect(warmup('{duration: 5, requests: 20}')).toMatchObject({ warmupMs: 5000, warmupRequests: 20 });
    expect(warmup('3')).toMatchObject({ warmupRequests: 3 });
    expect(warmup('3')).not.toHaveProperty('warmupMs');
  });
  it('sweeps positions together', () => {
    const swept = points('{sweep: {request_rate: [1, 2.5], random_input_len: [10, {min: 5, max: 9}]}, slo: {ttft_ms: 100}}');
    expect(swept.map((p) => p.label)).toEqual(['request_rate=1 random_input_len=10', 'request_rate=2.5 random_input_len=5-9']);
    expect(swept[1]?.load).toMatchObject({ arrival: { ratePerS: 2.5 }, data: { inputTokens: { min: 5, max: 9 } }, slo: { ttftMs: 100 } });
  });
  it('reads prompt files beside the recipe', () => {
    expect(points('{dataset: {type: jsonl, path: prompts.jsonl}}')[0]?.load.data).toEqual({
      kind: 'jsonl',
      path: '/recipes/r/prompts.jsonl',
    });
  });
  it.each([
    ['responses', '{llm: {vllm: {}}}', '{huggingface: a/b}'],
    ['messages', '{llm: {sglang: {}}}', '{huggingface: a/b}'],
    ['llamacpp', '{llm: {llamacpp: {}}}', '{gguf: /models/m.gguf}'],
  ])('speaks %s to an engine that serves it, and streams', (api, engine, model) => {
    const point = points(`{api: ${api}}\nengine: ${engine}`, model)[0];
    expect(point?.load).toMatchObject({ api, stream: true });
  });
  it('asks for embeddings of an embedding model', () => {
    expect(points('{}', '{huggingface: a/b, task: embed}')[0]?.load).toMatchObject({ api: 'embeddings', stream: false });
  });
});

describe('sections of providers', () => {
  const cloud = { name: 'cloud', settings: z.strictObject({ zone: z.string().default('here'), spot: z.boolean().default(false) }) };
  const load = (section: string, providers = [cloud]) => parseRecipe(`model: {random: tiny}\n${section}\n`, { file: 'r' }, { providers });

  it('are checked by the provider’s own schema', () => {
    expect(load('cloud: {spot: true}').tasks[0]?.resolved).toHaveProperty('cloud', { zone: 'here', spot: true });
    expect(() => load('cloud: {spt: true}')).toThrow('r:2:9 unknown key "spt" in cloud; did you mean "spot"?');
    expect(() => load('cloud: {}', [])).toThrow(/unknown key "cloud"/);
  });
  it('decide what is deployed', () => {
    const keys = ['cloud: {spot: true}', 'cloud: {}', ''].map((section) => deploymentKey(load(section).tasks[0]?.resolved as never));
    expect(new Set(keys).size).toBe(3);
  });
  it('know slurm without any plugin', () => {
    expect(load('slurm: {time_limit: 12:00:00, modules: [Apptainer]}').tasks[0]?.resolved.slurm).toMatchObject({
      time_limit: '12:00:00',
      modules: ['Apptainer'],
    });
    expect(load('slurm: {time: 90m, clients: {time: 60}}').tasks[0]?.resolved.slurm).toMatchObject({
      time_limit: '90m',
      clients: { time_limit: 60 },
    });
    expect(() => load('slurm: {time: 90m, time_limit: 90m}')).toThrow(/slurm.time_limit: "time" says it already/);
    expect(() => load('slurm: {comment: "a\\nb"}')).toThrow(/slurm.comment: expected one line/);
    expect(() => load('slurm: {time_limit: soon}')).toThrow(/slurm.time_limit: not a duration/);
    expect(
      load('slurm: {gpus_per_node: "a100:2", mem: 64G, binds: ["/data:/data:ro"], clients: {count: 3, mem: 100}}').tasks[0]?.resolved.slurm,
    ).toEqual({
      gpus_per_node: 'a100:2',
      mem: '64G',
      extra: [],
      runtime: 'apptainer',
      binds: ['/data:/data:ro'],
      modules: [],
      prelude: [],
      clients: { count: 3, mem: 100, extra: [] },
    });
    expect(() => load('slurm: {binds: ["data:/data"]}')).toThrow(/slurm.binds.0: write "\/folder/);
    expect(() => load('slurm: {runtime: docker}')).toThrow(/slurm.runtime/);
  });
});

describe('smoke tests', () => {
  const smoke = (yaml: string) => parseRecipe(yaml, { file: 'r' }).tasks[0]?.resolved.deploy.smoke_test;
  it('ask for a sum, unless the weights are noise or the model embeds', () => {
    expect(smoke('model: {huggingface: a/b}\n')).toEqual({ prompt: 'What is 2+2?', contains: '4' });
    expect(smoke('model: {random: tiny}\n')).toEqual({ prompt: 'What is 2+2?' });
    expect(smoke('model: {huggingface: a/b, task: embed}\n')).toEqual({ prompt: 'What is 2+2?' });
    expect(smoke('model: {huggingface: a/b}\ndeploy: {smoke_test: {prompt: Capital of France?, contains: Paris}}\n')).toEqual({
      prompt: 'Capital of France?',
      contains: 'Paris',
    });
    expect(smoke('model: {huggingface: a/b}\ndeploy: {smoke_test: false}\n')).toBe(false);
  });
});
