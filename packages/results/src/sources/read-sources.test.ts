import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BenchError } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AIPERF, GUIDELLM, OLD_GUIDELLM } from '../formats/testing/exports.ts';
import { readSources, RunWriter, type Sources } from '../index.ts';
import { block, compose, oldText, task, text, twin } from '../testing/deplodock-files.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-sources-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

const read = (...names: string[]) =>
  readSources(
    names.map((name) => (/^r[a-z0-9]{9}$|^latest$/.test(name) ? name : join(root, name))),
    { signal: new AbortController().signal, out: join(root, 'runs') },
  );
const told = ({ problems }: Sources) => problems.map(({ path, message }) => `${path.replace(`${root}/`, '')}: ${message}`);
const withoutPaths = ({ foreign }: Sources) => foreign.map((measurement) => ({ ...measurement, source: measurement.source.kind }));
const names = ({ foreign }: Sources) => foreign.map(({ source, recipe, variant }) => [source.kind, recipe, variant]);

const io = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5), monotonic: () => 0, random: Math.random };
const createRun = async (recipe = '/r') => {
  const asked = { recipes: [recipe], site: 'local', filter: [], seed: 0 };
  const writer = await RunWriter.create({ root: join(root, 'runs'), asked, tasks: [], tools: { node: '20' } }, io);
  await writer.close();
  return writer.run.id;
};

async function failure(promise: Promise<unknown>): Promise<BenchError> {
  const error: unknown = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!BenchError.is(error)) throw new Error(`expected a BenchError, got ${String(error)}`);
  return error;
}

it('no secret of a file reaches what is read of it', async () => {
  const env =
    'recipe:\n  extra_env:\n    HF_TOKEN: planted-1\n    MODE: fast\n  extra_args: "--api-key planted-2"\n  engine:\n    llm:\n      hf_token: planted-3';
  await put({ 'a_vllm_benchmark.txt': text().replace('recipe:', env) });
  const { foreign, problems } = await read('a_vllm_benchmark.txt');
  expect(JSON.stringify([foreign, problems])).not.toContain('planted');
  expect(foreign[0]?.recipeText).toContain('MODE: fast');
  expect(foreign[0]?.recipeText).toContain('huggingface: org/name');
});

describe('runs', () => {
  it('are named by id, folder, their run.json or the folder of them all, and each is taken once', async () => {
    const [a, b] = [await createRun(), await createRun()];
    expect((await read(a)).runs.map(({ run }) => run.id)).toEqual([a]);
    expect((await read(`runs/${a}`, `runs/${a}/run.json`, a, 'runs')).runs.map(({ run }) => run.id).sort()).toEqual([a, b].sort());
    expect((await read('latest')).runs).toHaveLength(1);
  });

  it('of a recipe are those that were asked of it', async () => {
    await put({ 'mine/recipe.yaml': 'model: {}\n', 'other/recipe.yaml': 'model: {}\n' });
    const [mine, folder] = [await createRun(join(root, 'mine/recipe.yaml')), await createRun(join(root, 'mine'))];
    await createRun('/elsewhere');
    expect((await read('mine')).runs.map(({ run }) => run.id).sort()).toEqual([mine, folder].sort());
    expect((await failure(read('other'))).message).toContain('a recipe, and there is no run of it');
    await put({ 'other/run_vllm_benchmark.txt': oldText() });
    expect(names(await read('other'))).toEqual([['deplodock', 'name', 'run']]);
  });

  it('that cannot be read are told, and the rest is taken', async () => {
    const [good, damaged, newer, gone, empty] = [
      await createRun(),
      await createRun(),
      await createRun(),
      await createRun(),
      await createRun(),
    ];
    await put({
      [`runs/${damaged}/run.json`]: '{"schemaVersion": 1, "id":',
      [`runs/${newer}/run.json`]: '{"schemaVersion": 99}',
      [`runs/${empty}/run.json`]: '',
    });
    await rm(join(root, 'runs', gone, 'run.json'));
    const sources = await read('runs', 'nowhere');
    expect(sources.runs.map(({ run }) => run.id)).toEqual([good]);
    expect(told(sources).sort()).toEqual(
      [
        `runs/${damaged}: ${join(root, 'runs', damaged, 'run.json')} is not JSON`,
        `runs/${newer}: ${join(root, 'runs', newer, 'run.json')} was written by a newer bench (schema 99; this one reads up to 1) (update bench: npm i -g @bench/cli@latest)`,
        `runs/${gone}: a run directory without its run.json: half written, or half copied`,
        `runs/${empty}: ${join(root, 'runs', empty, 'run.json')} is not JSON`,
        `nowhere: no run "${join(root, 'nowhere')}" in ${join(root, 'runs')} (bench list shows runs; --out names another folder)`,
      ].sort(),
    );
  });

  it('of which none can be read are an error: that of the only one, or all of them', async () => {
    expect((await failure(read('nowhere'))).code).toBe('BENCH_RUN_NOT_FOUND');
    const error = await failure(read('nowhere', 'elsewhere'));
    expect([error.code, error.exitCode]).toEqual(['BENCH_NOTHING_READ', 2]);
    expect(error.message).toContain('elsewhere: no run');
  });
});

describe('a deplodock run', () => {
  const list = (...tasks: Record<string, unknown>[]) => JSON.stringify(tasks);

  it('is its list of tasks: the text and its JSON twin are one measurement, of the JSON’s figures', async () => {
    await put({
      'run/tasks.json': list(task('b200x2_mc8', { json: 'b200x2_mc8_vllm_benchmark.json' })),
      'run/b200x2_mc8_vllm_benchmark.txt': text(),
      'run/b200x2_mc8_vllm_benchmark.json': twin(),
      'run/recipe.yaml': 'model: {}\n',
    });
    const sources = await read('run');
    expect(told(sources)).toEqual([]);
    expect(sources.foreign).toHaveLength(1);
    expect(sources.foreign[0]).toMatchObject({
      source: { kind: 'deplodock', path: join(root, 'run/b200x2_mc8_vllm_benchmark.json') },
      recipe: 'some_recipe',
      variant: 'b200x2_mc8',
      gpu: { name: 'NVIDIA B200', count: 2 },
      engine: { name: 'vllm', version: '0.17.0', image: 'vllm/vllm-openai:v0.17.0' },
      model: 'org/name',
      data: 'random prompts, 8000 tokens in, 800 out',
      params: {
        tensor_parallel_size: 2,
        max_concurrent_requests: 16,
        expert_parallel: false,
        instances: 1,
        max_concurrency: 8,
        num_prompts: 42,
        dataset_name: 'random',
        random_input_len: 8000,
        random_output_len: 800,
      },
      system: { hostname: 'node-1' },
      result: { maxConcurrency: 8, durationS: 64, scalars: { output_throughput: 500.25 }, counts: { ok: 40, failed: 2 } },
    });
    // What the JSON lacks is filled in from the text.
    expect(sources.foreign[0]?.result.distributions['ttft_ms']).toEqual({ mean: 120.5, p50: 110.25, p99: 300.75 });
    expect(sources.foreign[0]?.recipeText).toContain('huggingface: org/name');
    expect(JSON.stringify(sources)).not.toContain('hf_secret');
  });

  it('is the same however it is named: folder, list, every file, and all of them at once', async () => {
    await put({
      'run/tasks.json': list(task('b200x2_mc8', { json: 'b200x2_mc8_vllm_benchmark.json' })),
      'run/b200x2_mc8_vllm_benchmark.txt': text(),
      'run/b200x2_mc8_vllm_benchmark.json': twin(),
      'run/recipe.yaml': 'model: {}\n',
      'run/table.csv': 'a,b\n1,2\n',
    });
    const files = ['run/tasks.json', 'run/b200x2_mc8_vllm_benchmark.txt', 'run/b200x2_mc8_vllm_benchmark.json', 'run/table.csv'];
    const whole = await read('run');
    await symlink(join(root, 'run'), join(root, 'link'));
    for (const paths of [['run/tasks.json'], files, ['.'], ['run', ...files, 'run', 'link']]) {
      const sources = await read(...paths);
      expect(withoutPaths(sources)).toEqual(withoutPaths(whole));
      expect(told(sources)).toEqual([]);
    }
    // Without the list the two files still belong together.
    const [twins] = (await read(...files.slice(1, 3))).foreign;
    expect(twins).toMatchObject({ recipe: 'some_recipe', variant: 'b200x2_mc8', result: whole.foreign[0]?.result });
  });

  it('whose twins contradict each other is told, and the JSON stands', async () => {
    await put({
      'run/tasks.json': list(task('v', { json: 'v_vllm_benchmark.json' })),
      'run/v_vllm_benchmark.txt': text({ variant: 'v', output: 499, gpus: 4 }),
      'run/v_vllm_benchmark.json': twin({ variant: 'v' }),
    });
    const sources = await read('run');
    expect(sources.foreign.map(({ result }) => result.scalars['output_throughput'])).toEqual([500.25]);
    expect(told(sources)).toEqual([
      `run/v_vllm_benchmark.json: says otherwise than ${join(root, 'run/v_vllm_benchmark.txt')}, and is taken: number of GPUs 2 and 4, output_throughput 500.25 and 499`,
    ]);
  });

  it('with a damaged twin is read from the other, with a missing or cut result without it, and all of it is told', async () => {
    const both = (variant: string) => task(variant, { json: `${variant}_vllm_benchmark.json` });
    await put({
      'run/manifest.json': JSON.stringify({
        started: '2026',
        tasks: [both('a'), both('b'), both('gone'), both('cut'), task('out', { text: '../../passwords' }), 7],
      }),
      'run/a_vllm_benchmark.txt': text({ variant: 'a' }),
      'run/a_vllm_benchmark.json': twin({ variant: 'a' }).slice(0, 200),
      'run/b_vllm_benchmark.txt': text({ variant: 'b' }).replace(/=+ Serving[^]*?={40,}\n/, ''),
      'run/b_vllm_benchmark.json': twin({ variant: 'b' }),
      'run/cut_vllm_benchmark.txt': '',
    });
    const sources = await read('run');
    expect(names(sources)).toEqual([
      ['deplodock', 'some_recipe', 'a'],
      ['deplodock', 'some_recipe', 'b'],
    ]);
    const lines = told(sources).join('\n');
    expect(lines).toContain('run/manifest.json: task 6 is not an object');
    expect(lines).toContain('run/a_vllm_benchmark.json: no benchmark result in this JSON');
    expect(lines).toContain('run/b_vllm_benchmark.txt: the file has no benchmark result');
    expect(lines).toContain('run/gone_vllm_benchmark.json: missing: some_recipe/gone was not measured, or its file is gone');
    expect(lines).toContain('run/cut_vllm_benchmark.txt: the file is empty');
    expect(lines).toContain('run/manifest.json: some_recipe/out names a result outside of its folder: ../../passwords');
  });

  it('whose list is damaged is read file by file', async () => {
    await put({
      'run/tasks.json': '[{"task_id":',
      'run/b200x2_mc8_vllm_benchmark.txt': text(),
      'run/b200x2_mc8_vllm_benchmark.json': twin(),
    });
    const sources = await read('run');
    expect(names(sources)).toEqual([['deplodock', 'some_recipe', 'b200x2_mc8']]);
    expect(told(sources)[0]).toContain('run/tasks.json: no list of tasks in this JSON');
  });

  it('of an earlier form has what its file’s name, compose file and command say', async () => {
    const flags = '--kv-cache-dtype fp8 --enable-expert-parallel --api-key sk-secret';
    await put({
      'summary/h100_x_8_org_some-model_vllm_benchmark.txt': oldText({ concurrency: 64, compose: compose({ instances: 2, flags }) }),
      'summary/some-model.csv': 'Hardware,Throughput\nH100,1\n',
    });
    const sources = await read('summary');
    expect(told(sources)).toEqual([]);
    expect(sources.foreign).toHaveLength(1);
    expect(sources.foreign[0]).toMatchObject({
      recipe: 'name',
      variant: 'h100x8',
      gpu: { name: 'H100', count: 8 },
      engine: { name: 'vllm', version: '0.17.0' },
      model: 'org/name',
      system: null,
      params: { expert_parallel: true, instances: 2, kv_cache_dtype: 'fp8', max_concurrency: 64 },
    });
    expect(JSON.stringify(sources)).not.toContain('secret');
  });
});

describe('files of other tools', () => {
  it('are told apart by what is in them, in folders of any depth', async () => {
    await put({
      'all/c16/profile_export_aiperf.json': JSON.stringify(AIPERF),
      'all/c16/inputs.json': '{"data": []}',
      'all/c16/logs/aiperf.log': 'nothing of interest',
      'all/deep/er/guide.txt': JSON.stringify(OLD_GUIDELLM),
      'all/odd-name.json': `[12:00:01] INFO\n${block()}`,
      'all/new.json': `\uFEFF${JSON.stringify(GUIDELLM)}`,
      'all/.hidden/benchmarks.json': JSON.stringify(GUIDELLM),
    });
    const sources = await read('all');
    expect(told(sources)).toEqual([]);
    expect(names(sources)).toEqual([
      ['aiperf', 'name', 'c16'],
      ['guidellm', 'old', 'deep/er/guide'],
      ['guidellm', 'old', 'deep/er/guide'],
      ['guidellm', 'old', 'deep/er/guide'],
      ['guidellm', 'name', 'new'],
      ['vllm', 'odd-name', 'odd-name'],
    ]);
  });

  it('that are no results are told when they are named, and say what would be', async () => {
    await put({ 'a.json': JSON.stringify(AIPERF), 'notes.txt': 'buy milk', 'sheet.xlsx': 'PK\0\0', 'empty.txt': '', 'b/run.log': block() });
    const sources = await read('a.json', 'notes.txt', 'empty.txt', 'sheet.xlsx', 'b/run.log');
    expect(names(sources)).toEqual([
      ['aiperf', 'name', 'default'],
      ['vllm', 'run', 'default'],
    ]);
    // A workbook beside results is what a glob takes along.
    expect(told(sources).map((line) => line.split(' (')[0])).toEqual([
      'notes.txt: no benchmark result in this text',
      'empty.txt: the file is empty',
    ]);
    expect((await failure(read('sheet.xlsx'))).message).toContain('the file is not text');
  });

  it('that are cut or damaged are told, also when only their folder is named', async () => {
    await put({
      'all/good.json': JSON.stringify(AIPERF),
      'all/cut.json': JSON.stringify(GUIDELLM).slice(0, 400),
      'all/profile_export_genai_perf.json': '',
      'all/other.json': '{"a": 1}',
      'all/half.txt': block().split('\n').slice(0, 9).join('\n'),
    });
    const sources = await read('all');
    expect(names(sources).map(([kind]) => kind)).toEqual(['aiperf', 'vllm']);
    const lines = told(sources);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^all\/cut\.json: no benchmark result in this JSON.*has no end: the file may be cut/);
    expect(lines[1]).toBe('all/half.txt: the result block has no end: the text may be cut');
    expect(lines[2]).toContain('all/profile_export_genai_perf.json: the file is empty');
  });

  it('of which a folder holds none are an error, which says so', async () => {
    await mkdir(join(root, 'empty'));
    await put({ 'src/index.ts': 'export {};', 'src/package.json': '{}' });
    expect((await failure(read('empty'))).message).toBe('the folder is empty');
    expect((await failure(read('src'))).message).toContain('nothing in this folder can be read as a result');
    await put({ 'a.json': JSON.stringify(AIPERF) });
    expect(told(await read('a.json', 'src'))).toEqual(['src: nothing in this folder can be read as a result']);
  });

  it('are not read on once that is not wanted', async () => {
    await put({ 'a.json': JSON.stringify(AIPERF) });
    const signal = AbortSignal.abort();
    await expect(readSources([join(root, 'a.json')], { signal })).rejects.toHaveProperty('name', 'AbortError');
  });
});
