import { type LoadSpec, loadSpecSchema, parseDuration } from '@bench/core';
import type { Recipe } from '@bench/recipe';

type Benchmark = NonNullable<Recipe['benchmark']>;
type Length = number | { min: number; max: number };

/** One load of a task, before its seed is drawn. */
export interface LoadPoint {
  /** Position in the task. */
  index: number;
  load: LoadSpec;
}

/**
 * The points of an inference task: one, or one for each element of `benchmark.sweep`. Pure; the order is the recipe's.
 * Seeds are zero: whoever runs a point draws its own, so that no prefix is sent twice.
 */
export function loadPoints(recipe: Recipe): LoadPoint[] {
  const benchmark = recipe.benchmark;
  if (!benchmark) return [];
  return sweepElements(benchmark).map((element, index) => ({ index, load: loadSpec({ ...benchmark, ...element }, recipe) }));
}

/** Lists of one sweep are of equal length (the schema sees to it) and belong together element by element. */
function sweepElements(benchmark: Benchmark): Partial<Benchmark>[] {
  const lists = Object.entries(benchmark.sweep ?? {}).filter(([, list]) => list !== undefined);
  const first = lists[0];
  if (!first) return [{}];
  return (first[1] as unknown[]).map((_, i) => Object.fromEntries(lists.map(([key, list]) => [key, (list as unknown[])[i]])) as Partial<Benchmark>);
}

function loadSpec(benchmark: Benchmark, recipe: Recipe): LoadSpec {
  const rate = benchmark.request_rate;
  const api = benchmark.api ?? (recipe.model?.task === 'embed' ? 'embeddings' : 'chat');
  const duration = benchmark.duration === undefined ? undefined : parseDuration(benchmark.duration);
  const slo = benchmark.slo ?? {};
  return loadSpecSchema.parse({
    api,
    arrival: rate === undefined ? { kind: 'closed' } : arrival(benchmark, rate),
    maxConcurrency: benchmark.max_concurrency ?? null,
    ...(duration === undefined ? { numPrompts: benchmark.num_prompts } : { durationMs: duration }),
    data: data(benchmark),
    warmupRequests: benchmark.warmup ?? 0,
    stream: api !== 'embeddings',
    ignoreEos: benchmark.ignore_eos,
    temperature: benchmark.temperature,
    requestTimeoutMs: parseDuration(benchmark.request_timeout),
    extraBody: benchmark.extra_body,
    slo: {
      ...(slo.ttft_ms === undefined ? {} : { ttftMs: slo.ttft_ms }),
      ...(slo.tpot_ms === undefined ? {} : { tpotMs: slo.tpot_ms }),
      ...(slo.e2el_ms === undefined ? {} : { e2elMs: slo.e2el_ms }),
    },
  });
}

function arrival(benchmark: Benchmark, ratePerS: number) {
  const kind = benchmark.arrival ?? 'poisson';
  return kind === 'gamma' ? { kind, ratePerS, burstiness: benchmark.burstiness ?? 1 } : { kind, ratePerS };
}

function data(benchmark: Benchmark) {
  const dataset = benchmark.dataset;
  if (dataset && dataset.type !== 'random') return { kind: dataset.type, path: dataset.path };
  return {
    kind: 'random' as const,
    inputTokens: range(benchmark.random_input_len),
    outputTokens: range(benchmark.random_output_len),
    sharedPrefixTokens: benchmark.shared_prefix ?? 0,
  };
}

function range(length: Length): { min: number; max: number } {
  return typeof length === 'number' ? { min: length, max: length } : length;
}
