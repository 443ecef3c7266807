import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDeplodockTasks, parseDeplodockText, parseResultJson, parseResultText } from '../index.ts';

const data = join(
  process.env['BENCH_TEST_DATA'] ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../../shared/data'),
  'cloudrift/results',
);
const there = existsSync(data);
const read = (...path: string[]) => readFileSync(join(data, ...path), 'utf8');
const files = (folder: string, ending: string) =>
  there
    ? readdirSync(join(data, folder))
        .filter((f) => f.endsWith(ending))
        .sort()
    : [];

const SWEEPS = ['vllm_sweep_b200', 'sglang_sweep_b200'];

describe.each(SWEEPS)('%s', (folder) => {
  it.skipIf(!there)('has text and JSON twins that agree figure by figure', () => {
    const texts = files(folder, '_benchmark.txt');
    expect(texts.length).toBe(9);
    for (const name of texts) {
      const text = parseResultText(read(folder, name));
      const json = parseResultJson(read(folder, name.replace('.txt', '.json')));
      expect([name, text.length, json.length]).toEqual([name, 1, 1]);
      const [fromText, fromJson] = [text[0], json[0]];
      expect(fromText?.problems).toEqual([]);
      expect(fromJson?.problems).toEqual([]);
      for (const key of ['kind', 'scalars', 'distributions', 'counts', 'durationS', 'maxConcurrency', 'missing'] as const) {
        expect([name, key, fromText?.[key]]).toEqual([name, key, fromJson?.[key]]);
      }
      expect(fromText?.missing).toEqual(['e2el_ms']);
      // Every row of the block is kept, and every figure of the twin is one of them.
      const printed = Object.values(fromText?.native ?? {});
      expect(printed).toHaveLength(20);
      const figures = Object.values(fromJson?.native ?? {}).filter((v) => v !== null);
      const ascending = (values: unknown[]) => values.map(Number).toSorted((a, b) => a - b);
      expect(ascending(figures)).toEqual(ascending(printed));
    }
  });

  it.skipIf(!there)('has files whose every section is read', () => {
    for (const name of files(folder, '_benchmark.txt')) {
      const file = parseDeplodockText(read(folder, name));
      const twin = JSON.parse(read(folder, name.replace('.txt', '.json'))) as Twin;
      expect(file.problems).toEqual([]);
      expect(Object.keys(file.sections)).toEqual([
        'Benchmark Task',
        'Serving Benchmark Result',
        'Docker Compose Configuration',
        'Benchmark Command',
        'System Information',
      ]);
      expect(file.task).toMatchObject({
        recipeDir: twin.task.recipe_dir,
        variant: twin.task.variant,
        gpuName: twin.task.gpu_name,
        gpuCount: twin.task.gpu_count,
      });
      expect(file.task?.recipe).toContain(`  huggingface: ${twin.recipe.model.huggingface}\n`);
      expect(file.compose).toBe(twin.compose);
      expect(file.command).toBe(twin.bench_command);
      expect(file.results.map((r) => [r.tool, r.model])).toEqual([['vllm', twin.recipe.model.huggingface]]);
      const { system } = twin;
      expect(file.system).toEqual({
        hostname: system.hostname,
        os: system.os,
        kernel: system.kernel,
        arch: system.cpu_arch,
        cpu: { model: system.cpu_model, logicalCores: system.cpu_count },
        memoryBytes: Math.round(system.memory_total_gib * 2 ** 30),
        gpus: Array.from({ length: system.gpu_count }, () => ({
          name: system.gpu_name,
          memoryMiB: system.gpu_memory_mib,
          driver: system.gpu_driver,
        })),
        driverVersion: system.gpu_driver,
        cudaVersion: system.cuda_version,
        dockerVersion: system.docker_version,
      });
      expect(Object.keys(file.probes)).toEqual([
        'HOSTNAME',
        'OS',
        'KERNEL',
        'CPU INFORMATION',
        'CPU COUNT',
        'MEMORY',
        'GPU INFORMATION',
        'GPU DETAILS',
        'DISK USAGE',
        'BLOCK DEVICES',
        'UPTIME',
        'DOCKER VERSION',
        'DOCKER INFO',
      ]);
    }
  });

  it.skipIf(!there)('has a list of tasks that names its files', () => {
    const { tasks, manifest, problems } = parseDeplodockTasks(read(folder, 'tasks.json'));
    expect([manifest, problems]).toEqual([{}, []]);
    expect(new Set(tasks.map((t) => t.resultFile))).toEqual(new Set(files(folder, '_benchmark.txt')));
    expect(new Set(tasks.map((t) => t.jsonResultFile))).toEqual(new Set(files(folder, '_benchmark.json')));
    expect(new Set(tasks.map((t) => `${t.gpuShort}x${t.gpuCount} ${t.modelName}`))).toEqual(new Set(['b200x4 nvidia/Kimi-K2.5-NVFP4']));
  });
});

interface Twin {
  task: { recipe_dir: string; variant: string; gpu_name: string; gpu_count: number };
  recipe: { model: { huggingface: string } };
  compose: string;
  bench_command: string;
  system: Record<
    'hostname' | 'os' | 'kernel' | 'cpu_arch' | 'cpu_model' | 'gpu_name' | 'gpu_driver' | 'cuda_version' | 'docker_version',
    string
  > &
    Record<'cpu_count' | 'memory_total_gib' | 'gpu_count' | 'gpu_memory_mib', number>;
}

describe('summary_01_2026', () => {
  const folder = 'summary_01_2026';

  it.skipIf(!there)('is read whole: three sections, all four latencies, nothing odd', () => {
    const names = files(folder, '.txt');
    expect(names).toHaveLength(12);
    for (const name of names) {
      const file = parseDeplodockText(read(folder, name));
      expect([name, file.problems, file.results[0]?.problems, file.results[0]?.missing]).toEqual([name, [], [], []]);
      expect(Object.keys(file.sections)).toEqual(['Serving Benchmark Result', 'Docker Compose Configuration', 'Benchmark Command']);
      expect(name).toContain(file.results[0]?.model?.replace('/', '_'));
      expect(file.compose).toMatch(/^services:\n/);
      expect(file.command).toMatch(/^vllm bench serve /);
    }
  });

  it.skipIf(!there)('gives the tables that its authors made of it', () => {
    let rows = 0;
    for (const table of files(folder, '.csv')) {
      for (const line of read(folder, table).trim().split('\n').slice(1)) {
        const [hardware = '', total, output, expert, concurrency] = line.trim().split(',');
        const name = files(folder, '.txt').find(
          (f) => f.startsWith(`${hardware.toLowerCase()}_x_8_`) && f.includes(table.replace('.csv', '')),
        );
        const file = parseDeplodockText(read(folder, name ?? ''));
        const derived = [
          file.results[0]?.scalars['total_token_throughput'],
          file.results[0]?.scalars['output_throughput'],
          file.compose?.includes('--enable-expert-parallel') ? 'on' : 'off',
          file.results[0]?.maxConcurrency,
        ];
        rows++;
        // The table's figures for this one come from another run.
        if (hardware === 'B200' && table.startsWith('Qwen3-Coder')) expect(derived[0]).not.toBe(Number(total));
        else expect([name, ...derived]).toEqual([name, Number(total), Number(output), expert, Number(concurrency)]);
      }
    }
    expect(rows).toBe(12);
  });

  it.skipIf(!there)('obeys Little’s law and the identity of its means, within ramp and rounding', () => {
    for (const name of files(folder, '.txt')) {
      const result = parseDeplodockText(read(folder, name)).results[0];
      const { ttft_ms: ttft, tpot_ms: tpot, e2el_ms: e2el } = result?.distributions ?? {};
      expect(Math.abs(((ttft?.mean as number) + 7999 * (tpot?.mean as number)) / (e2el?.mean as number) - 1)).toBeLessThan(0.01);
    }
  });
});
