import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CostParts, ForeignMeasurement, MachineCost, RunSpan, RunView } from '@bench/results';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildReport, type ReportSources, writeHtml } from '../index.ts';
import { demoRun, mixedRun, syntheticRun } from '../testing/synthetic-run.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-sections-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function page(sources: ReportSources): Promise<string> {
  const file = join(dir, 'report.html');
  await writeHtml(buildReport(sources), file, { now: Date.UTC(2026, 4, 4, 13, 30) });
  return readFile(file, 'utf8');
}

/** The section of that id as text without markup, or null. */
async function section(id: string, sources: ReportSources): Promise<string | null> {
  const text = await page(sources);
  const found = new RegExp(`<section id="${id}".*?</section>`, 's').exec(text)?.[0];
  return found === undefined ? null : found.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

const NOTHING: CostParts = { startup: 0, deploying: 0, measuring: 0, idle: 0, teardown: 0, failed: 0, storage: 0 };

describe('the footer', () => {
  it('names the run directories, where there are runs', async () => {
    expect(await page({ runs: [demoRun()] })).toContain('Every request is in the run directory: ');
    expect(await page({})).not.toContain('Every request is in');
  });
});

describe('the summary', () => {
  it('of tasks with a point each has a line a task', async () => {
    const points = [{ requests: 8 }];
    const tasks = [
      { variant: 'a', points },
      { variant: 'b', points },
      { variant: 'c', points, error: 'it broke' },
    ];
    const flat = await page({ runs: [syntheticRun({ tasks })] });
    expect(flat).not.toContain('<tr class="group"');
    expect(flat.match(/<span class="whose"><bdi>[abc]</g)).toHaveLength(3);
    expect(await page({ runs: [syntheticRun({ tasks: [...tasks, { variant: 'd', points: [...points, ...points] }] })] })).toContain(
      '<tr class="group"',
    );
  });
});

describe('what it costs', () => {
  it('names of each task the load at which tokens are cheapest, cheapest first, and whose price that is', async () => {
    const text = await section('cost', { runs: [mixedRun()] });
    expect(text).toMatch(/sglang-tp8 64 concurrent \$28\.40( \$\d\.\d+){4} vllm-tp8 64 concurrent \$28\.40( \$\d\.\d+){4} Prices/);
    expect(text).toContain('8xH200 $28.40 list price, 2026-05-01 2');
    expect(text).not.toContain('no price is known');
    expect(await section('cost', { runs: [demoRun()] })).toBeNull();
  });

  it('has what rented machines cost by what their time went into, and says what is missing', async () => {
    const machine: MachineCost = {
      machine: 0,
      name: 'bench-a-0',
      group: 0,
      provider: 'vast',
      offer: '2× H200 in x',
      priceUsdPerHour: 3.6,
      priceSource: 'Vast, live',
      outcome: 'used',
      seconds: { ...NOTHING, startup: 300, measuring: 1200 },
      usd: { ...NOTHING, startup: 0.3, measuring: 1.2 },
      totalUsd: 1.5,
    };
    const unknown: MachineCost = { ...machine, name: 'bench-a-1', usd: null, totalUsd: null, priceUsdPerHour: null, priceSource: null };
    const run: RunView = {
      ...demoRun(),
      cost: {
        usd: 1.5,
        atLeast: true,
        missing: ['the price of bench-a-1 is not known'],
        parts: machine.usd ?? NOTHING,
        machines: [machine, { ...unknown, outcome: 'lost' }],
      },
    };
    const text = await section('cost', { runs: [run] });
    expect(text).toContain('At least $1.50 for 2 machines');
    expect(text).toContain('bench-a-0 2× H200 in x of vast $3.60 Vast, live $0.300 5m 00s $1.20 20m 00s $1.50 used');
    expect(text).toContain('taken away Together $0.300 $1.20 $1.50');
    expect(text).toContain('It was more than that: the price of bench-a-1 is not known');
    expect(text).not.toContain('teardown');
  });
});

describe('failures', () => {
  it('have their reason, what to do, and what the engine’s log says', async () => {
    const run = { ...mixedRun(), dir };
    await mkdir(join(dir, 'deployments/d3'), { recursive: true });
    const lines = ['loading', 'torch.OutOfMemoryError: CUDA out of memory. Tried <b>2.50 GiB</b>', 'bye'];
    await writeFile(join(dir, 'deployments/d3/engine.log'), lines.join('\n'));
    const text = await section('failures', { runs: [run] });
    expect(text).toContain(
      'qwen3-coder / vllm-tp4 the engine ended with exit code 1 before it was ready: CUDA out of memory BENCH_ENGINE_EXIT',
    );
    expect(text).toContain('What to do: read the engine log');
    expect(text).toMatch(/deployments\/d3\/engine\.log Out of GPU memory : .* 2: torch\.OutOfMemoryError: .*&lt;b&gt;/);
    expect(text).toContain('Its last 3 lines');
    expect(await section('failures', { runs: [demoRun()] })).toBeNull();
  });

  it('of many tasks that failed of the same stand together', async () => {
    const run = mixedRun();
    const failed = run.tasks[2];
    if (!failed) throw new Error('there is a failed task');
    for (let i = 0; i < 30; i++) run.tasks.push({ ...failed, file: { ...failed.file, variant: `v${i}`, key: `k${i}` } });
    const text = await section('failures', { runs: [run] });
    expect(text).toContain('31 tasks the engine ended');
    expect(text).toContain('and 19 more');
  });
});

describe('where the time went', () => {
  it('is told of machines and deployments, and in shares of the whole', async () => {
    const span = (lane: string, kind: RunSpan['kind'], from: number, to: number): RunSpan => ({
      lane,
      on: lane === 'm-0' ? 'machine' : 'deployment',
      kind,
      fromMs: from * 1000,
      toMs: to * 1000,
    });
    const spans = {
      totalMs: 100_000,
      spans: [span('m-0', 'startup', 0, 20), span('d1', 'deploying', 20, 50), span('d1', 'measuring', 50, 90)],
    };
    const run = { ...demoRun(), spans };
    const text = await section('phases', { runs: [run] });
    expect(text).toContain(
      '1m 40s from beginning to end machines starting 20 % (20.0 s), engines coming up 30 % (30.0 s), measuring 40 % (40.0 s)',
    );
    expect(text).toContain('machine m-0');
    expect(await page({ runs: [run] })).toContain(
      'aria-label="engines coming up from 20.0 s for 30.0 s; measuring from 50.0 s for 40.0 s"',
    );
    expect(await section('phases', { runs: [demoRun()] })).not.toContain('from beginning to end');
  });
});

describe('what differs', () => {
  it('is told of settings task by task, and of environments side by side', async () => {
    const recipe = (tp: number, length: number) =>
      `engine:\n  llm:\n    tensor_parallel_size: ${tp}\n    context_length: ${length}\nmodel: <m>\n`;
    const gpu = { name: 'NVIDIA H200', count: 8 };
    const machine = (driverVersion: string) => ({
      system: { hostname: driverVersion, cpu: { model: 'EPYC', logicalCores: 8 }, driverVersion },
    });
    const points = [{ requests: 8 }];
    const run = syntheticRun({
      tasks: [
        { variant: 'a', gpu, points, recipeText: recipe(4, 8192), machine: machine('570.86') },
        { variant: 'b', gpu, points, recipeText: recipe(8, 8192), machine: machine('570.86') },
        { variant: 'c', gpu, points, recipeText: recipe(8, 8192), machine: machine('575.51') },
      ],
    });
    const text = await section('differences', { runs: [run] });
    expect(text).toContain('2 settings are equal in all and not shown.');
    expect(text).toContain('Task tensor_parallel_size a 4 b 8 c 8');
    expect(text).toContain('Of 2 tasks c GPU driver 570.86 575.51 Column 1:');
    expect(text).not.toContain('context_length');
    expect(await section('differences', { runs: [demoRun()] })).toBeNull();
  });
});

describe('sources', () => {
  it('are named where there are several, with what they do not say', async () => {
    const foreign: ForeignMeasurement = {
      source: { kind: 'vllm', path: 'results/<x>.txt' },
      recipe: 'x',
      variant: 'default',
      params: {},
      gpu: { name: 'H200', count: 8 },
      engine: { name: 'vllm', randomWeights: false },
      model: 'm',
      system: null,
      recipeText: null,
      data: null,
      result: {
        tool: 'vllm',
        format: 'text',
        kind: 'serve',
        maxConcurrency: 8,
        scalars: { output_throughput: 100, request_throughput: 1 },
        distributions: { ttft_ms: { p50: 20, p99: 40 } },
        counts: { ok: 10, failed: 0 },
        native: {},
        missing: ['e2el_ms', 'duration'],
        problems: [],
      },
    };
    const many = Array.from({ length: 9 }, (_, i): ForeignMeasurement => ({
      ...foreign,
      source: { kind: 'vllm', path: `sweep/${i}.json` },
      variant: `mc${i}`,
    }));
    const folder = await section('sources', { foreign: [...many, foreign] });
    expect(folder).toContain('vLLM’s benchmark sweep: 9 files 9 – E2EL and duration vLLM’s benchmark results/&lt;x&gt;.txt 1');
    const text = await section('sources', { runs: [demoRun()], foreign: [foreign] });
    expect(text).toContain('run of bench /runs/rk3v9x0a2b 5');
    expect(text).toContain('vLLM’s benchmark results/&lt;x&gt;.txt 1 – E2EL and duration');
    expect(await page({ foreign: [foreign] })).toContain('1 measurement is from files of vllm');
    expect(await section('sources', { runs: [demoRun()] })).toBeNull();
  });
});

describe('saturation and limits', () => {
  it('says of each task where to run it, what limits it by which figures, and what could not be judged', async () => {
    const text = await section('limits', { runs: [demoRun()] });
    expect(text).toContain('Run at 16 concurrent: the best throughput that was measured');
    expect(text).toMatch(/Not reached: from 8 to 16 concurrent/);
    expect(text).toMatch(/The limit lies above 16 concurrent/);
    expect(text).toMatch(/Not judged: .*\(nothing was sampled\)/);
  });
});
