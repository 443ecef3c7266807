import { describe, expect, it } from 'vitest';
import { expandRecipe, parseRecipe } from './index.ts';

const HEAD = 'model: {huggingface: org/name}\n';
const load = (matrices: string, head = HEAD) => parseRecipe(`${head}matrices:\n${matrices}`, { file: 'r.yaml', name: 'r' });
const params = (matrices: string) => expandRecipe(load(matrices)).map((task) => task.params);
const seeds = (matrices: string) => params(matrices).map((p) => [p['benchmark.seed'], p['benchmark.repeats'], p['benchmark.num_prompts']]);
const problem = (matrices: string, head?: string) => () => load(matrices, head);

describe('a list of entries', () => {
  it('gives one variant an entry, scalars going to all', () => {
    expect(params('  - deploy.gpu: H100\n    benchmark.seed: 1\n  - deploy.gpu: H200\n')).toEqual([
      { 'deploy.gpu': 'H100', 'benchmark.seed': 1 },
      { 'deploy.gpu': 'H200' },
    ]);
  });
  it('takes the lists of an entry together', () => {
    expect(seeds('  - benchmark.seed: [1, 2]\n    benchmark.repeats: [3, 4]\n    benchmark.num_prompts: 9\n')).toEqual([
      [1, 3, 9],
      [2, 4, 9],
    ]);
  });
  it('refuses lists of different length, naming both', () => {
    expect(problem('  - benchmark.seed: [1, 2]\n    benchmark.repeats: [3]\n')).toThrow(
      /^r.yaml:4:5 "benchmark.repeats" has 1 values and "benchmark.seed" has 2/,
    );
  });
});

describe('a map', () => {
  it('crosses lists, each an axis of its own', () => {
    expect(seeds('  cross:\n    benchmark.seed: [1, 2]\n    benchmark.repeats: [3, 4]\n')).toEqual([
      [1, 3, undefined],
      [1, 4, undefined],
      [2, 3, undefined],
      [2, 4, undefined],
    ]);
  });
  it('takes a nested zip as one axis', () => {
    expect(
      seeds('  cross:\n    benchmark.seed: [1, 2]\n    zip:\n      benchmark.repeats: [3, 4]\n      benchmark.num_prompts: [5, 6]\n'),
    ).toEqual([
      [1, 3, 5],
      [1, 4, 6],
      [2, 3, 5],
      [2, 4, 6],
    ]);
  });
  it('takes a nested cross as one zipped axis', () => {
    expect(
      seeds('  zip:\n    benchmark.seed: [1, 2, 3, 4]\n    cross:\n      benchmark.repeats: [3, 4]\n      benchmark.num_prompts: [5, 6]\n'),
    ).toEqual([
      [1, 3, 5],
      [2, 3, 6],
      [3, 4, 5],
      [4, 4, 6],
    ]);
  });
  it('is a zip when it says neither', () => {
    expect(seeds('  benchmark.seed: [1, 2]\n  benchmark.repeats: [3, 4]\n')).toEqual([
      [1, 3, undefined],
      [2, 4, undefined],
    ]);
  });
  it('combines only maps: "cross" may be a variable', () => {
    const loaded = load('  cross: [a, b]\n', 'command: {run: "echo $cross"}\n');
    expect(loaded.tasks.map((task) => task.resolved.command?.variables)).toEqual([{ cross: 'a' }, { cross: 'b' }]);
  });
  it('merges a value that is a map, and takes away what is null', () => {
    const loaded = load(
      '  - benchmark: {seed: 5, sweep: {max_concurrency: [1, 2]}}\n    engine.llm.context_length: null\n',
      `${HEAD}benchmark: {num_prompts: 3}\nengine: {llm: {context_length: 90000}}\n`,
    );
    expect(loaded.tasks[0]?.resolved.benchmark).toMatchObject({ seed: 5, num_prompts: 3, sweep: { max_concurrency: [1, 2] } });
    expect(loaded.tasks[0]?.resolved.engine?.llm).not.toHaveProperty('context_length');
    expect(loaded.tasks[0]?.params).toEqual({
      'benchmark.seed': 5,
      'benchmark.sweep.max_concurrency': '[1,2]',
      'engine.llm.context_length': null,
    });
  });
});

describe('faults', () => {
  it.each([
    ['  []\n', /r.yaml:3:3 matrices is an empty list/],
    ['  {}\n', /this part of matrices is empty/],
    ['  - 5\n', /an entry of matrices is a map/],
    ['  cross: {benchmark.seed: []}\n', /"benchmark.seed" has no values/],
    ['  - benchmark.seed: 1\n    benchmark: {seed: 2}\n', /"benchmark.seed" is given twice for one variant/],
    ['  - benchmark.seed: 1\n  - benchmark.seed: 1\n', /two variants are the same: benchmark.seed=1/],
    ['  - deploy.gpu_cuont: 1\n', /^r.yaml:3:5 unknown key "gpu_cuont" in deploy; did you mean "gpu_count"\?/],
    ['  - deploy..gpu: 1\n', /"deploy..gpu" is not a path/],
    ['  - benchmark.seed: -5\n', /^r.yaml:3:21 benchmark.seed: must be at least 0, found -5/],
  ])('%s', (matrices, message) => {
    expect(problem(matrices)).toThrow(message);
  });

  it('refuses 10¹² variants with their count, unbuilt', () => {
    const axes = Array.from({ length: 12 }, (_, i) => `    v${i}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n`).join('');
    expect(problem(`  cross:\n${axes}`, 'command: {run: x}\n')).toThrow(/matrices make 1000000000000 variants, and 10000 are allowed/);
  });
  it('takes 10 000', () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1).join(', ');
    expect(load(`  cross: {benchmark.seed: [${numbers}], benchmark.num_prompts: [${numbers}]}\n`).variantCount).toBe(10_000);
  });
});

describe('origins', () => {
  it('says where every value came from', () => {
    const [task] = load('  - benchmark.seed: 4\n', `${HEAD}benchmark: {num_prompts: 3}\n`).tasks;
    expect(task?.origins).toMatchObject({
      'model.huggingface': { from: 'recipe', line: 1, column: 22 },
      'benchmark.num_prompts': { from: 'recipe', line: 2, column: 26 },
      'benchmark.seed': { from: 'matrix', line: 4, column: 21 },
      'benchmark.repeats': { from: 'default' },
      'engine.llm.vllm.image': { from: 'default' },
    });
  });
});

describe('filters', () => {
  const loaded = load('  cross:\n    deploy.gpu: ["NVIDIA H100 80GB", "NVIDIA H200 141GB"]\n    benchmark.seed: [1, 12]\n');
  const kept = (...filter: string[]) => expandRecipe(loaded, { filter }).map((task) => task.variant);

  it.each([
    [['deploy.gpu=*h100*'], ['h100x1-s1', 'h100x1-s12']],
    [['gpu=*H200*', 'benchmark.seed=1?'], ['h200x1-s12']],
    [['seed=1'], ['h100x1-s1', 'h200x1-s1']],
    [['variant=*-s12'], ['h100x1-s12', 'h200x1-s12']],
    [['engine.llm.tensor_parallel_size=1', 'seed=12', 'gpu=*1*0*'], ['h100x1-s12']],
    [['seed=nothing'], []],
  ])('%s', (filter, names) => {
    expect(kept(...filter)).toEqual(names);
  });
  it('names the nearest key', () => {
    expect(() => kept('deploy.gpus=x')).toThrow(
      expect.objectContaining({ code: 'BENCH_FILTER', exitCode: 2, hint: 'did you mean "deploy.gpu"?' }) as Error,
    );
    expect(() => kept('H100')).toThrow(/is not KEY=GLOB/);
  });
});
