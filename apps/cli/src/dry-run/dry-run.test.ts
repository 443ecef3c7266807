import { expandRecipe, parseRecipe } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { type Asked } from '../asked.ts';
import { dryRun } from './dry-run.ts';

const tasks = (yaml: string) => expandRecipe(parseRecipe(yaml, { file: '/r/recipe.yaml', dir: '/r', name: 'r' }));
const asked = (site: string, more: Partial<Asked> = {}): Asked => ({
  recipes: ['/r'],
  site,
  filter: [],
  seed: 0,
  mode: 'measure',
  ...more,
});
const plan = (yaml: string, site: string, more: Partial<Asked> = {}) =>
  dryRun({ tasks: tasks(yaml), asked: asked(site, more), began: null, bootstrap: false, out: 'runs' });

const SWEEP =
  'model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\nbenchmark: {num_prompts: 5, random_input_len: {min: 10, max: 20}}\nmatrices: {cross: {deploy.gpu: NVIDIA H200, benchmark.max_concurrency: [1, 2]}}\n';

describe('a dry run', () => {
  it('shows one deployment for tasks that share it, with every point and how it ends', async () => {
    const { text, exitCode } = await plan(SWEEP, 'ssh:gpu1');
    expect(exitCode).toBe(0);
    expect(text.match(/^deploy vllm on NVIDIA H200/gm)).toHaveLength(1);
    expect(text).toContain('org/m');
    expect(text).toMatch(/compose\.yaml\n {4}\| services:\n/);
    expect(text).toMatch(/measure r\/h200x1-mc1\n {4}c=1 {2}5 requests, 10–20 tokens in, 8000 out/);
    expect(text).toMatch(/load is sent from the host: .*node:22-slim/);
    expect(text).toMatch(/remove containers, networks and volumes labelled com\.docker\.compose\.project=bench-rxxxxxxxxx-d1-/);
  });

  it('of a job on a cluster says what only the cluster knows', async () => {
    const recipe = (slurm: object) => `service: {image: r.example/a, command: up, ready: {log: up}}\nslurm: ${JSON.stringify(slurm)}\n`;
    const { text } = await plan(recipe({ partition: 'gpu', extra: ['--nice=1'] }), 'slurm:login1');
    expect(text).toMatch(/sbatch .* --partition=gpu --nodes=1 --time=LIMIT --nice=1 --signal=B:USR1@60 /);
    expect(text).toMatch(/\| time_s=LIMIT\n +\| notice_s=NOTICE\n/);
    expect(text).toMatch(/^\(LIMIT stands for the time limit of the job’s partition, .*no --signal/m);
    const told = (await plan(recipe({ time_limit: '1h' }), 'slurm:login1')).text;
    expect(told).toMatch(/sbatch .* --time=0-01:00:00 --signal=B:USR1@60 /);
    expect(told).toMatch(/\| time_s=3600\n +\| notice_s=0\n/);
    expect(told).not.toMatch(/LIMIT|NOTICE/);
  });

  it('of a search says how many points there may be, and the first', async () => {
    const recipe = (benchmark: string) =>
      `model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\nbenchmark: {num_prompts: 5, ${benchmark}}\n`;
    const { text, json } = await plan(recipe('search: {max: concurrency, slo: {ttft_p99_ms: 500}, to: 64}'), 'ssh:gpu1');
    expect(text).toMatch(
      /measure r\/default\n +the search for the most concurrent requests, at most 64, under ttft_p99_ms: up to 30 points, .*\n +first c=1 {2}5 requests/,
    );
    expect(json.deployments[0]?.tasks[0]?.adaptive?.mostPoints).toBe(30);
    expect((await plan(recipe('sweep: auto'), 'ssh:gpu1')).text).toMatch(/curve of throughput from 1 to at most 1024 .* up to 13 points/);
    expect((await plan(recipe('sweep: auto'), 'slurm:login1')).text).toMatch(/cannot run here: .*sweep: auto chooses each load/);
  });

  it('says the same each time', async () => {
    expect((await plan(SWEEP, 'docker')).text).toBe((await plan(SWEEP, 'docker')).text);
  });

  it('renders every variant for a host that nobody looked at, and says that its GPUs decide', async () => {
    const { text } = await plan(
      'model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\nmatrices: {cross: {deploy.gpu: [NVIDIA H200, NVIDIA L4]}}\n',
      'ssh:gpu1,gpu2',
    );
    expect(text.match(/^deploy vllm on .*, on the first host that is free/gm)).toHaveLength(2);
    expect(text).toContain('left out then');
  });

  it('says what cannot run here instead of planning or measuring it, and ends with 3', async () => {
    const { text, exitCode } = await plan('model: {gguf: nowhere.gguf}\nengine: {llm: {llamacpp: {}}}\n', 'local');
    expect(text).toContain('cannot run here: /r/nowhere.gguf does not exist');
    expect(text).not.toContain('measure');
    expect(text).not.toContain('stop the engine');
    expect(exitCode).toBe(3);
  });

  it('leaves a model with an absolute path to the host that it lies on', async () => {
    const yaml = 'model: {gguf: /models/nowhere.gguf}\nengine: {llm: {llamacpp: {}}}\n';
    expect((await plan(yaml, 'docker')).text).toContain('cannot run here: /models/nowhere.gguf does not exist');
    const there = await plan(yaml, 'ssh:gpu1');
    expect(there.text).not.toContain('does not exist');
    expect(there.exitCode).toBe(0);
  });

  it('of a deployment neither measures nor ends it', async () => {
    const { text } = await plan(SWEEP, 'docker', { mode: 'deploy' });
    expect(text).toContain('leave it up');
    expect(text).not.toMatch(/measure|remove containers/);
  });

  it('gives the same as JSON', async () => {
    const list = tasks('model: {random: tiny}\n');
    const { json } = await plan('model: {random: tiny}\n', 'docker');
    expect(json.deployments.map((d) => [d.engine, d.tasks.map((t) => t.key)])).toEqual([['embedded', list.map((t) => t.key)]]);
  });

  it('shows what would make hosts ready, script by script', async () => {
    const { text } = await dryRun({ tasks: tasks(SWEEP), asked: asked('ssh:gpu1'), began: null, bootstrap: true, out: 'runs' });
    expect(text).toMatch(/make each host ready:[\s\S]*Docker: looked for; where it is missing.*sh runs this/);
  });
});
