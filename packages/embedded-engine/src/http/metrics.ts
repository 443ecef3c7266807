import type { Engine } from '../runtime/engine.ts';

/** Prometheus text exposition, format 0.0.4. */
export function metricsText(engine: Engine): string {
  const { stats } = engine;
  const rows: [name: string, type: 'gauge' | 'counter', help: string, value: number][] = [
    ['requests_running', 'gauge', 'Requests that hold a sequence.', stats.running],
    ['requests_waiting', 'gauge', 'Requests in the queue.', stats.waiting],
    ['slots', 'gauge', 'Sequences that can generate at the same time.', engine.parallel],
    ['kv_cache_usage_ratio', 'gauge', 'Share of the cells for keys and values that running requests hold.', stats.cacheUsage],
    ['prompt_tokens_total', 'counter', 'Prompt tokens of all requests, reused ones included.', stats.promptTokens],
    ['generation_tokens_total', 'counter', 'Tokens generated.', stats.generationTokens],
    ['prefix_cached_tokens_total', 'counter', 'Prompt tokens whose keys and values were reused.', stats.cachedTokens],
  ];
  return rows
    .map(
      ([name, type, help, value]) =>
        `# HELP bench_engine_${name} ${help}\n# TYPE bench_engine_${name} ${type}\nbench_engine_${name} ${value}\n`,
    )
    .join('');
}
