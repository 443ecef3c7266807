import { expect, it } from 'vitest';
import { engineFigures } from './engine-figures.ts';

const VLLM = `# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 5.0
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
vllm:num_requests_waiting{engine="1",model_name="m"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:num_preemptions_total{engine="0",model_name="m"} 1.0
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1000.0
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 250.0
vllm:spec_decode_num_draft_tokens_total{engine="0",model_name="m"} 40.0
vllm:spec_decode_num_accepted_tokens_total{engine="0",model_name="m"} 30.0
vllm:prompt_tokens_total{engine="0",model_name="m"} 1200.0
vllm:generation_tokens_total{engine="0",model_name="m"} 800.0
vllm:time_to_first_token_seconds_bucket{le="0.1",model_name="m"} 3
`;
const SGLANG = `sglang:num_running_reqs{model_name="m",tp_rank="0"} 4.0
sglang:num_running_reqs{model_name="m",tp_rank="1"} 4.0
sglang:num_queue_reqs{model_name="m",tp_rank="0"} 7.0
sglang:token_usage{model_name="m",tp_rank="0"} 0.5
sglang:prompt_tokens_total{model_name="m"} 100.0
sglang:cached_tokens_total{cache_source="device",model_name="m"} 20.0
sglang:cached_tokens_total{cache_source="host",model_name="m"} 5.0
sglang:generation_tokens_total{model_name="m"} 9.0
`;
const LLAMACPP = `llamacpp:prompt_tokens_total 31
llamacpp:tokens_predicted_total 12
llamacpp:requests_processing 2
llamacpp:requests_deferred 1
`;

it.each([
  [
    'vLLM, with two ranks of data parallelism',
    VLLM,
    {
      running: 8,
      waiting: 2,
      kvCacheUsage: 0.5,
      preemptions: 1,
      prefixQueries: 1000,
      prefixHits: 250,
      draftTokens: 40,
      acceptedTokens: 30,
      promptTokens: 1200,
      generationTokens: 800,
    },
  ],
  ['vLLM before its metrics were renamed', 'vllm:gpu_cache_usage_perc{model_name="m"} 0.1\n', { kvCacheUsage: 0.1 }],
  [
    'SGLang, whose tensor-parallel ranks tell the same',
    SGLANG,
    { running: 4, waiting: 7, kvCacheUsage: 0.5, prefixQueries: 100, prefixHits: 25, promptTokens: 100, generationTokens: 9 },
  ],
  ['llama.cpp', LLAMACPP, { running: 2, waiting: 1, promptTokens: 31, generationTokens: 12 }],
])('reads %s', (_engine, text, figures) => {
  expect(engineFigures([text])).toEqual(figures);
});

it('adds several engines up, and takes means of shares', () => {
  expect(engineFigures([VLLM, VLLM])).toMatchObject({ running: 16, kvCacheUsage: 0.5, preemptions: 2 });
});

it('tells nothing of a figure that one of several engines does not tell', () => {
  expect(engineFigures([LLAMACPP, LLAMACPP.replace('llamacpp:requests_processing 2\n', '')])).toEqual({
    waiting: 2,
    promptTokens: 62,
    generationTokens: 24,
  });
});

it('leaves out what is no number, and knows when nothing is there', () => {
  expect(engineFigures(['vllm:kv_cache_usage_perc NaN\nvllm:num_requests_running 1\n'])).toEqual({ running: 1 });
  expect(engineFigures(['process_cpu_seconds_total 4\n'])).toBeNull();
  expect(engineFigures(['<html>'])).toBeNull();
});
