import { isAbsolute, join } from 'node:path';
import {
  generatesText,
  highestConcurrency,
  loadSpecSchema,
  parseDuration,
  stagesMs,
  type Arrival,
  type LengthRange,
  type LoadSpec,
  TIMED_WARMUP_REQUESTS,
} from '@bench/core';
import { adaptiveRange, benchmarkAt, type AdaptiveRange } from './adaptive-range.ts';
import type { Task } from './build-tasks.ts';
import { SWEEP_KEYS, sweepLists, type Benchmark } from './schema/benchmark.ts';
import type { Slo } from './schema/slo.ts';

/** Requests of a warm-up that the recipe does not size: enough to fill the engine's batch once, few enough to cost little. */
const MAX_DEFAULT_WARMUP = 8;

/** One load of a task. */
export interface LoadPoint {
  /** Position in the task, from 0. */
  index: number;
  /** What the sweep set, `max_concurrency=8 num_prompts=96`; empty without a sweep. */
  label: string;
  /** `seed` is the recipe's; whoever runs the point derives its own from it. */
  load: LoadSpec;
}

/**
 * The points of an inference task: one, or one for every position of its sweep. Other kinds have none. Of a task whose points follow from one another
 * (`adaptivePoints`) the first.
 */
export function loadPoints(task: Pick<Task, 'resolved' | 'dir'>): LoadPoint[] {
  const b = task.resolved.benchmark;
  if (!b) return [];
  const adaptive = adaptivePoints(task);
  if (adaptive) return [{ index: 0, label: '', load: adaptive.load(adaptive.from) }];
  const lists = sweepLists(b);
  const length = SWEEP_KEYS.reduce((n, key) => Math.max(n, lists?.[key]?.length ?? 0), 0);
  return Array.from({ length: Math.max(1, length) }, (_, index) => {
    const swept = Object.fromEntries(SWEEP_KEYS.flatMap((key) => (lists?.[key] ? [[key, lists[key][index]]] : [])));
    const label = Object.entries(swept)
      .map(([key, value]) => `${key}=${typeof value === 'object' ? `${value.min}-${value.max}` : value}`)
      .join(' ');
    return { index, label, load: loadOf({ ...b, ...swept }, task.dir) };
  });
}

/** Points of which each load follows from what those before it measured. */
export type AdaptivePoints = AdaptiveRange & {
  /** The load at a place on the axis. `seed` is the recipe's. */
  load(at: number): LoadSpec;
};

/** Of a task whose points are not known beforehand: one with `benchmark.search` or `sweep: auto`. Null: they are (`loadPoints`). */
export function adaptivePoints(task: Pick<Task, 'resolved' | 'dir'>): AdaptivePoints | null {
  const b = task.resolved.benchmark;
  const range = b ? adaptiveRange(b) : null;
  return b && range ? { ...range, load: (at) => loadOf(benchmarkAt(b, range.axis, at), task.dir) } : null;
}

function loadOf(b: Benchmark, dir: string): LoadSpec {
  const arrival = arrivalOf(b);
  const staged = arrival.kind === 'closed' && arrival.stages ? highestConcurrency(arrival.stages) : null;
  const cap = b.max_concurrency ?? staged;
  return loadSpecSchema.parse({
    ...given({ api: b.api }),
    arrival,
    maxConcurrency: cap,
    ...endOf(b, arrival),
    data: dataOf(b, dir),
    ...given({ images: imagesOf(b) }),
    ...given({ tokenizer: b.tokenizer === undefined ? undefined : within(dir, b.tokenizer) }),
    ...warmupOf(b, cap),
    stream: b.api === undefined || generatesText(b.api),
    ignoreEos: b.ignore_eos,
    temperature: b.temperature,
    requestTimeoutMs: parseDuration(b.request_timeout),
    extraBody: b.extra_body,
    slo: limitsOf(b.slo),
    ...given({ classes: b.classes?.map(classOf) }),
    ...given({ cancel: cancelOf(b) }),
    ...given({ conversations: conversationsOf(b) }),
    seed: b.seed,
  });
}

function warmupOf({ warmup }: Benchmark, cap: number | null): Pick<LoadSpec, 'warmupRequests' | 'warmupMs'> {
  if (typeof warmup === 'object')
    return { warmupRequests: warmup.requests ?? TIMED_WARMUP_REQUESTS, warmupMs: parseDuration(warmup.duration) };
  return { warmupRequests: warmup ?? Math.min(cap ?? MAX_DEFAULT_WARMUP, MAX_DEFAULT_WARMUP) };
}

const limitsOf = (slo: Slo | undefined) => given({ ttftMs: slo?.ttft_ms, tpotMs: slo?.tpot_ms, e2elMs: slo?.e2el_ms });

function classOf({
  name,
  weight,
  model,
  random_input_len: input,
  random_output_len: output,
  slo,
}: NonNullable<Benchmark['classes']>[number]) {
  const lengths = {
    inputTokens: input === undefined ? undefined : rangeOf(input),
    outputTokens: output === undefined ? undefined : rangeOf(output),
  };
  return { name, weight, ...given({ model, ...lengths, slo: slo && limitsOf(slo) }) };
}

function endOf(b: Benchmark, arrival: Arrival): Pick<LoadSpec, 'numPrompts' | 'durationMs'> {
  if ((arrival.kind === 'stages' || arrival.kind === 'closed') && arrival.stages) return { durationMs: stagesMs(arrival.stages) };
  return b.duration === undefined ? given({ numPrompts: b.num_prompts }) : { durationMs: parseDuration(b.duration) };
}

function cancelOf({ cancel }: Benchmark): LoadSpec['cancel'] {
  if (!cancel) return undefined;
  const { ratio, after } = cancel;
  if (after === undefined) return { ratio };
  const { min, max } = typeof after === 'object' ? after : { min: after, max: after };
  return { ratio, afterMs: { min: parseDuration(min), max: parseDuration(max) } };
}

function conversationsOf({ conversations }: Benchmark): LoadSpec['conversations'] {
  if (!conversations) return undefined;
  const { turns, random_input_len: input, think_time: think, history } = conversations;
  const { mean, distribution } = typeof think === 'object' ? think : { mean: think, distribution: 'constant' as const };
  return {
    turns: rangeOf(turns),
    ...given({
      inputTokens: input === undefined ? undefined : rangeOf(input),
      thinkTime: mean === undefined ? undefined : { meanMs: parseDuration(mean), distribution },
    }),
    history,
  };
}

function arrivalOf(b: Benchmark): Arrival {
  if (b.dataset.type === 'trace') return { kind: 'trace', speed: b.dataset.speed };
  if (b.bursts) return { kind: 'bursts', size: b.bursts.size, everyMs: parseDuration(b.bursts.every) };
  if (b.stages) {
    const stages = b.stages.map((s) => ({
      durationMs: parseDuration(s.duration),
      ratePerS: s.request_rate,
      ...given({ toRatePerS: s.to_request_rate }),
    }));
    return { kind: 'stages', process: b.arrival === 'constant' ? 'constant' : 'poisson', stages };
  }
  if (b.concurrency_stages) {
    const stages = b.concurrency_stages.map((s) => ({
      durationMs: parseDuration(s.duration),
      concurrency: s.max_concurrency,
      ...given({ toConcurrency: s.to_max_concurrency }),
    }));
    return { kind: 'closed', stages };
  }
  if (b.request_rate === undefined) return { kind: 'closed' };
  if (b.arrival === 'gamma') return { kind: 'gamma', ratePerS: b.request_rate, burstiness: b.burstiness ?? 1 };
  return { kind: b.arrival ?? 'poisson', ratePerS: b.request_rate };
}

function dataOf(b: Benchmark, dir: string) {
  const outputTokens = rangeOf(b.random_output_len);
  const { dataset } = b;
  if (dataset.type === 'random' || dataset.type === 'sonnet')
    return {
      kind: 'random' as const,
      inputTokens: rangeOf(b.random_input_len),
      outputTokens,
      sharedPrefixTokens: b.shared_prefix,
      ...given({ prefixGroups: groupsOf(b) }),
      ...(dataset.type === 'sonnet' ? { text: dataset.type } : {}),
    };
  const path = within(dir, dataset.path);
  if (dataset.type === 'hf')
    return { kind: dataset.type, path, ...given({ column: dataset.column, split: dataset.split, rows: dataset.rows }) };
  return dataset.type === 'trace' ? { kind: dataset.type, path, format: dataset.format } : { kind: dataset.type, path };
}

function imagesOf({ images }: Benchmark): LoadSpec['images'] {
  return images && { perRequest: rangeOf(images.per_request), width: rangeOf(images.width), height: rangeOf(images.height) };
}

const within = (dir: string, path: string): string => (isAbsolute(path) ? path : join(dir, path));

function groupsOf({ prefix_groups: groups }: Benchmark) {
  if (groups === undefined) return undefined;
  return typeof groups === 'number' ? { count: groups, exponent: 1 } : { count: groups.count, exponent: groups.zipf };
}

const rangeOf = (length: number | LengthRange): LengthRange => (typeof length === 'number' ? { min: length, max: length } : length);

/** Without the keys that have no value: whoever counts keys (a limit of goodput is one) must not find them. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
