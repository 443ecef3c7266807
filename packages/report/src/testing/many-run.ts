import type { RunView } from '@bench/results';
import { syntheticRun } from './synthetic-run.ts';

const MODELS = [
  'Qwen/Qwen3-8B',
  'meta-llama/Llama-3.1-8B-Instruct',
  'mistralai/Mistral-7B-Instruct-v0.3',
  'google/gemma-3-12b-it',
  'openai/gpt-oss-20b',
];
const GPUS = ['NVIDIA H100', 'NVIDIA H200', 'NVIDIA B200', 'NVIDIA L40S', 'NVIDIA A100-SXM4-80GB'];
const ENGINES = [
  { name: 'vllm', version: '0.11.0' },
  { name: 'sglang', version: '0.5.4' },
];
const SIZES = [1, 2, 4, 8];

export interface ManyPlan {
  /** Variants; 200 are all there are. */
  variants: number;
  loads: readonly number[];
  requests: number;
  outputTokens?: number;
}

/** A matrix of models, GPUs, engines and sizes: what a page has to filter. */
export function manyRun({ variants, loads, requests, outputTokens = 32 }: ManyPlan): RunView {
  const all = MODELS.flatMap((model, m) =>
    GPUS.flatMap((name, g) =>
      ENGINES.flatMap((engine, e) => SIZES.map((size) => ({ model, name, engine, size, slow: 1 + m / 4 + g / 8 + e / 10 }))),
    ),
  );
  // Of fewer, every n-th: all models and GPUs are among them.
  const step = Math.floor(all.length / variants) | 1;
  return syntheticRun({
    id: 'rmany00001',
    tasks: Array.from({ length: variants }, (_, i) => all[(i * step) % all.length] as (typeof all)[number]).map(
      ({ model, name, engine, size, slow }, i) => ({
        recipe: 'matrix',
        variant: `${(model.split('/')[1] ?? model).toLowerCase()}-${engine.name}-${name.split(/[ -]/)[1]?.toLowerCase()}-tp${size}`,
        params: { tensor_parallel_size: size, max_num_seqs: i % 3 === 0 ? 256 : 128 },
        gpu: { name, count: size },
        machine: { priceUsdPerHour: 2 * size, priceSource: 'list price, 2026-05-01' },
        engine: { ...engine, model, randomWeights: false },
        points: loads.map((concurrency, p) => ({ concurrency, requests, outputTokens, seed: i * 100 + p })),
        speed: { tpotMs: (6 * slow) / Math.sqrt(size), slope: 0.03, ttftMs: 30 * slow },
      }),
    ),
  });
}
