/** Reports of GuideLLM, AIPerf and genai-perf, written by hand after their shapes. */

/** One of GuideLLM's summaries. */
export function summary(mean: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    mean,
    median: mean,
    mode: mean,
    variance: 4,
    std_dev: 2,
    min: mean - 3,
    max: mean + 5,
    count: 8,
    total_sum: mean * 8,
    percentiles: {
      p001: mean - 3,
      p01: mean - 3,
      p05: mean - 2,
      p10: mean - 2,
      p25: mean - 1,
      p50: mean,
      p75: mean + 1,
      p90: mean + 2,
      p95: mean + 3,
      p99: mean + 4,
      p999: mean + 5,
    },
    pdf: null,
    ...more,
  };
}

/** By status, with `total` as the successful one has it. */
export function byStatus(successful: Record<string, unknown>): Record<string, unknown> {
  const none = summary(0, { count: 0, total_sum: 0, min: 0, max: 0 });
  return { successful, incomplete: none, errored: none, total: successful };
}

export function guidellmMetrics(): Record<string, unknown> {
  return {
    requests_per_second: byStatus(summary(0.7)),
    request_concurrency: byStatus(summary(3.5, { max: 4 })),
    request_latency: byStatus(summary(12)),
    prompt_token_count: byStatus(summary(100, { total_sum: 800 })),
    output_token_count: byStatus(summary(50, { min: 40, max: 60, total_sum: 400 })),
    time_to_first_token_ms: byStatus(summary(45)),
    time_per_output_token_ms: byStatus(summary(30)),
    inter_token_latency_ms: byStatus(summary(20)),
    output_tokens_per_second: byStatus(summary(99)),
    tokens_per_second: byStatus(summary(300)),
  };
}

/** As GuideLLM 0.4 and later write it. */
export const GUIDELLM = {
  metadata: { version: 1, guidellm_version: '0.5.0', python_version: '3.12.3', platform: 'Linux' },
  args: { target: 'http://127.0.0.1:8000', model: null, profile: 'concurrent', rate: [4] },
  benchmarks: [
    {
      type_: 'generative_benchmark',
      config: {
        run_id: 'a',
        strategy: { type_: 'concurrent', worker_count: 4, max_concurrency: 4, streams: 4 },
        backend: { target: 'http://127.0.0.1:8000', model: 'org/name' },
      },
      scheduler_metrics: { requests_made: { successful: 8, errored: 1, incomplete: 1, total: 10 } },
      metrics: { request_totals: { successful: 8, errored: 1, incomplete: 1, total: 10 }, ...guidellmMetrics() },
      requests: { successful: [{ prompt: 'long' }], incomplete: [], errored: [], total: null },
      start_time: 1_772_470_696,
      end_time: 1_772_470_712,
      duration: 16,
    },
  ],
};

/** As GuideLLM up to 0.3 writes it: a sweep of three. */
export const OLD_GUIDELLM = {
  benchmarks: [
    { type_: 'synchronous' },
    { type_: 'throughput', max_concurrency: 512 },
    { type_: 'constant', rate: 2.5, initial_burst: true },
  ].map((strategy, i) => ({
    type_: 'generative_benchmark',
    id_: `id-${i}`,
    run_id: 'run',
    args: { profile: { type_: 'sweep' }, strategy_index: i, strategy },
    run_stats: { start_time: 1000 + i, end_time: 1021 + i, total_successful: 8, total_incomplete: 0, total_errored: 0 },
    worker: { backend_type: 'openai_http', backend_model: 'org/old' },
    request_loader: {},
    extras: {},
    start_time: 1001 + i,
    end_time: 1021 + i,
    metrics: guidellmMetrics(),
  })),
};

const block = (unit: string, avg: number) => ({
  unit,
  avg,
  p1: avg - 9,
  p5: avg - 8,
  p10: avg - 7,
  p25: avg - 6,
  p50: avg - 1,
  p75: avg + 1,
  p90: avg + 2,
  p95: avg + 3,
  p99: avg + 4,
  min: avg - 10,
  max: avg + 5,
  std: 2,
  count: 96,
  sum: avg * 96,
});

export const AIPERF = {
  schema_version: '1.3',
  aiperf_version: '0.10.0',
  benchmark_id: 'b',
  request_throughput: { unit: 'requests/sec', avg: 2.25 },
  request_latency: block('ms', 6700),
  request_count: { unit: 'requests', avg: 96 },
  error_request_count: { unit: 'requests', avg: 4 },
  time_to_first_token: block('ms', 230),
  time_to_second_token: block('ms', 25),
  time_to_first_output_token: block('ms', 260),
  inter_token_latency: block('ms', 12),
  inter_chunk_latency: { ...block('ms', 13), count: 52_023 },
  output_token_throughput: { unit: 'tokens/sec', avg: 1170.5 },
  total_token_throughput: { unit: 'tokens/sec', avg: 9280.25 },
  output_sequence_length: block('tokens', 540),
  total_output_tokens: { unit: 'tokens', avg: 40_000 },
  benchmark_duration: { unit: 'sec', avg: 44.5 },
  total_isl: { unit: 'tokens', avg: 361_086 },
  total_osl: { unit: 'tokens', avg: 52_187 },
  goodput: { unit: 'requests/sec', avg: 2 },
  input_config: {
    models: { items: [{ name: 'org/name' }] },
    endpoint: { urls: ['http://127.0.0.1:8000'], type: 'chat', streaming: true },
    phases: [
      { name: 'warmup', type: 'concurrency', exclude_from_results: true, requests: 16, concurrency: 2 },
      { name: 'profiling', type: 'concurrency', requests: 96, concurrency: 16 },
    ],
  },
  was_cancelled: false,
  error_summary: [{ count: 4 }],
  start_time: '2026-07-03T05:21:36.274997',
  end_time: '2026-07-03T05:22:20.808822',
};

export const GENAI_PERF = {
  request_throughput: { unit: 'requests/sec', avg: 17.5 },
  request_latency: block('ms', 5767),
  request_count: { unit: 'count', avg: 200 },
  time_to_first_token: block('ms', 184),
  inter_token_latency: block('ms', 12),
  output_token_throughput: { unit: 'tokens/sec', avg: 4419 },
  output_sequence_length: block('tokens', 250),
  input_sequence_length: block('tokens', 200),
  input_config: { subcommand: 'profile', model: ['ensemble'], backend: 'vllm', streaming: true, concurrency: 100, request_rate: null },
};
