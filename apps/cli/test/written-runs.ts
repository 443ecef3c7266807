import { type EngineInfo, pointResultSchema } from '@bench/core';
import { RunWriter } from '@bench/results';

/** A run of one task, as its directory is to say. What is absent is as in the others, so that two runs differ in what is named alone. */
export interface WrittenRun {
  /** Milliseconds since the epoch. */
  at: number;
  /** Output tokens per second of each repeat, by concurrency. */
  figures: Record<number, readonly number[]>;
  recipe?: string;
  variant?: string;
  key?: string;
  recipeText?: string;
  site?: string;
  engine?: Partial<EngineInfo>;
  gpu?: { name: string; count: number };
  status?: 'done' | 'failed';
}

const DISTRIBUTION = { count: 100, mean: 50, std: 5, min: 30, p50: 50, p75: 60, p90: 70, p95: 80, p99: 90, p999: 95, max: 99 };

/** Writes a run directory below `root` by the writer that measurements are written by; its id is the answer. */
export async function writtenRun(root: string, run: WrittenRun): Promise<string> {
  const { at, recipe = 'tiny', variant = 'default', key = 'k1', gpu = null, status = 'done' } = run;
  const io = { now: () => at, monotonic: () => 0, random: Math.random };
  const loads = Object.entries(run.figures);
  const asked = { recipes: [`/recipes/${recipe}`], site: run.site ?? 'local', filter: [], seed: 0 };
  const planned = { recipe, variant, key, group: 0, deploymentKey: 'd', points: loads.length, repeats: loads[0]?.[1].length ?? 1 };
  const writer = await RunWriter.create({ root, asked, tasks: [planned], tools: { '@bench/cli': '0.1.0' } }, io);
  const cpu = { model: 'Test CPU', logicalCores: 8 };
  const gpus = gpu === null ? undefined : Array.from({ length: gpu.count }, () => ({ name: `NVIDIA ${gpu.name}` }));
  await writer.machine(0, {
    name: 'local',
    kind: 'local',
    system: { hostname: 'host', os: 'Debian 13', kernel: '6', arch: 'x64', cpu, ...(gpus ? { gpus } : {}) },
    priceUsdPerHour: null,
    priceSource: null,
  });
  const engine = { name: 'vllm', version: '0.11.0', model: 'Qwen/Qwen3-8B', randomWeights: false, ...run.engine };
  await writer.deployment({ id: 'd1', key: 'd', target: 'process', status: 'stopped', engine, machine: 0, phases: [], error: null });
  const points = [];
  for (const [point, [concurrency, values]] of loads.entries()) {
    for (const [repeat, value] of values.entries()) {
      const result = pointResultSchema.parse({
        schemaVersion: 1,
        point,
        repeat,
        load: {
          maxConcurrency: Number(concurrency),
          numPrompts: 100,
          data: { kind: 'random', inputTokens: { min: 128, max: 128 }, outputTokens: { min: 64, max: 64 } },
        },
        startedAt: new Date(at).toISOString(),
        durationS: 10,
        counts: { sent: 100, ok: 100, failed: 0, cancelled: 0, warmup: 0 },
        errors: {},
        scalars: { output_throughput: value, request_throughput: value / 64 },
        distributions: { ttft_ms: { ...DISTRIBUTION, p50: 5000 / value, p99: 9000 / value } },
        vllm: {},
        tokenSources: { prompt: 'server_usage', output: 'server_usage' },
        client: null,
        flags: [],
      });
      const path = await writer.point({ recipe, variant, attempt: 1, result, records: [], gaps: [], series: [] });
      points.push({ attempt: 1, point, repeat, path, status: 'ok' as const, error: null });
    }
  }
  const task = { schemaVersion: 1, recipe, variant, key, kind: 'inference' as const, params: {}, status };
  await writer.task({ ...task, gpu: gpu ?? { name: null, count: 0 }, deployment: 'd1', machine: 0, points, error: null });
  await writer.taskRecipe(planned, run.recipeText ?? 'model: {name: Qwen/Qwen3-8B}\n');
  await writer.finish(status, status === 'done' ? 0 : 1, at + 60_000);
  await writer.close();
  return writer.run.id;
}
