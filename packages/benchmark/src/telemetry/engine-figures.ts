import type { EngineFigures } from '@bench/core';
import { parsePrometheus, type PrometheusSample } from './prometheus.ts';

/**
 * What engines call it; the first name that is there counts. Sources: "Production Metrics" of vLLM's and SGLang's documentation, README of
 * llama.cpp's server, README of `@bench/embedded-engine`. Where two names stand behind each other, the second is of older releases.
 */
const NAMES: Readonly<Record<keyof EngineFigures, readonly string[]>> = {
  running: ['vllm:num_requests_running', 'sglang:num_running_reqs', 'llamacpp:requests_processing', 'bench_engine_requests_running'],
  waiting: ['vllm:num_requests_waiting', 'sglang:num_queue_reqs', 'llamacpp:requests_deferred', 'bench_engine_requests_waiting'],
  kvCacheUsage: [
    'vllm:kv_cache_usage_perc',
    'vllm:gpu_cache_usage_perc',
    'sglang:token_usage',
    'llamacpp:kv_cache_usage_ratio',
    'bench_engine_kv_cache_usage_ratio',
  ],
  preemptions: ['vllm:num_preemptions_total', 'sglang:num_retracted_requests_total'],
  prefixQueries: [
    'vllm:prefix_cache_queries_total',
    'vllm:gpu_prefix_cache_queries_total',
    'sglang:prompt_tokens_total',
    'bench_engine_prompt_tokens_total',
  ],
  prefixHits: [
    'vllm:prefix_cache_hits_total',
    'vllm:gpu_prefix_cache_hits_total',
    'sglang:cached_tokens_total',
    'bench_engine_prefix_cached_tokens_total',
  ],
  draftTokens: ['vllm:spec_decode_num_draft_tokens_total'],
  acceptedTokens: ['vllm:spec_decode_num_accepted_tokens_total'],
  promptTokens: [
    'vllm:prompt_tokens_total',
    'sglang:prompt_tokens_total',
    'llamacpp:prompt_tokens_total',
    'bench_engine_prompt_tokens_total',
  ],
  generationTokens: [
    'vllm:generation_tokens_total',
    'sglang:generation_tokens_total',
    'llamacpp:tokens_predicted_total',
    'bench_engine_generation_tokens_total',
  ],
};

const FIGURES = Object.entries(NAMES) as [keyof EngineFigures, readonly string[]][];
const WANTED = new Set(Object.values(NAMES).flat());
/** Every rank of a tensor-parallel group tells the same. */
const SAME_OF_ALL = ['tp_rank', 'moe_ep_rank'];

/** What the engines behind an endpoint tell, a text an engine. Null: none of it is known. */
export function engineFigures(texts: readonly string[]): EngineFigures | null {
  const told = texts.map((text) => parsePrometheus(text, (name) => WANTED.has(name)));
  const out: EngineFigures = {};
  for (const [figure, names] of FIGURES) {
    const name = names.find((known) => told.some((samples) => samples.some((sample) => sample.name === known)));
    if (name === undefined) continue;
    const values = told.flatMap((samples) => valuesOf(samples, name));
    // Half of the engines' sum would look like a quieter engine.
    if (values.length === 0 || !told.every((samples) => samples.some((sample) => sample.name === name))) continue;
    const sum = values.reduce((a, b) => a + b, 0);
    out[figure] = figure === 'kvCacheUsage' ? sum / values.length : sum;
  }
  return Object.keys(out).length === 0 ? null : out;
}

/** Of ranks that tell the same, the first. */
function valuesOf(samples: readonly PrometheusSample[], name: string): number[] {
  return samples.flatMap((sample) =>
    sample.name === name && Number.isFinite(sample.value) && SAME_OF_ALL.every((rank) => (sample.labels[rank] ?? '0') === '0')
      ? [sample.value]
      : [],
  );
}
