import type { Distribution } from '@bench/core';

/** A summary as far as the source gives it, milliseconds. */
export type ForeignDistribution = Partial<Distribution> & {
  /** Percentiles that `Distribution` has no member for, by number as written: `{ "25": 1.5 }`. */
  extraPercentiles?: Record<string, number>;
};

/** Who measured. */
export type ForeignTool = 'vllm' | 'sglang' | 'guidellm' | 'aiperf' | 'genai-perf';

/** A result that another tool wrote, in our names where the meaning is equal. */
export interface ForeignResult {
  tool: ForeignTool;
  format: 'text' | 'json' | 'jsonl';
  /** `serve`, `pooling`: load on a server. `latency`: batches one after another. `throughput`: everything at once, offline. */
  kind: 'serve' | 'pooling' | 'latency' | 'throughput';
  model?: string;
  /** As the tool wrote it: local time of the end of the run, without a zone. GuideLLM's seconds since 1970: ISO 8601, UTC. */
  date?: string;
  durationS?: number;
  maxConcurrency?: number;
  /** Requests a second that were asked for; `inf`: all at once. */
  requestRate?: number | 'inf';
  /** By name of METRICS. Only what means the same there: vLLM's peaks, which older versions over-count, stay in `native`. */
  scalars: Record<string, number>;
  /**
   * `ttft_ms`, `tpot_ms`, `icl_ms` (what they print as ITL), `e2el_ms`, `queue_ms`, `e2el_intended_ms`; `batch_latency_ms` of `vllm bench
   * latency`. Their TTFT counts a role-only event (vLLM), and SGLang's and GuideLLM's E2EL runs to the end of the stream.
   */
  distributions: Record<string, ForeignDistribution>;
  /** `cancelled`: cut off by the end of the run, as GuideLLM counts them. */
  counts: { ok?: number; failed?: number; cancelled?: number };
  /** Every field as the tool wrote it, under its own key or label (a label that two sections share: `section / label`). */
  native: Record<string, unknown>;
  /** What a reader might expect and the source lacks: names of scalars, distributions, `failed`, `duration`. */
  missing: string[];
  /** What could not be read, or reads oddly. */
  problems: string[];
}

export function emptyResult(tool: ForeignTool, format: ForeignResult['format'], kind: ForeignResult['kind']): ForeignResult {
  return { tool, format, kind, scalars: {}, distributions: {}, counts: {}, native: {}, missing: [], problems: [] };
}

const EXPECTED: Record<ForeignResult['kind'], { scalars: string[]; distributions: string[] }> = {
  serve: {
    scalars: ['request_throughput', 'output_throughput', 'total_token_throughput', 'total_input_tokens', 'total_output_tokens'],
    distributions: ['ttft_ms', 'tpot_ms', 'icl_ms', 'e2el_ms'],
  },
  pooling: { scalars: ['request_throughput', 'total_input_tokens'], distributions: ['e2el_ms'] },
  latency: { scalars: [], distributions: ['batch_latency_ms'] },
  throughput: { scalars: ['request_throughput', 'total_token_throughput', 'output_throughput'], distributions: [] },
};

/** Adds what follows from the rest, and says what is missing. */
export function complete(result: ForeignResult): ForeignResult {
  for (const [name, value] of Object.entries(result.scalars)) {
    if (Number.isFinite(value)) continue;
    delete result.scalars[name];
    result.problems.push(`${name} is ${value}`);
  }
  const { ok, failed, cancelled = 0 } = result.counts;
  const sent = (ok ?? 0) + (failed ?? 0) + cancelled;
  if (ok !== undefined && failed !== undefined && sent > 0) result.scalars['error_ratio'] = failed / sent;
  const { scalars, distributions } = EXPECTED[result.kind];
  const online = result.kind === 'serve' || result.kind === 'pooling';
  result.missing = [
    ...scalars.filter((name) => result.scalars[name] === undefined),
    ...distributions.filter((name) => result.distributions[name] === undefined),
    ...(online && failed === undefined ? ['failed'] : []),
    ...(online && result.durationS === undefined ? ['duration'] : []),
  ];
  return result;
}

const STATISTICS = new Map<string, keyof Distribution>([
  ['mean', 'mean'],
  ['avg', 'mean'],
  ['median', 'p50'],
  ['std', 'std'],
  ['min', 'min'],
  ['max', 'max'],
]);
const PERCENTILES = new Map<string, keyof Distribution>([
  ['50', 'p50'],
  ['75', 'p75'],
  ['90', 'p90'],
  ['95', 'p95'],
  ['99', 'p99'],
  ['99.9', 'p999'],
]);

/** Puts one statistic (`mean`, `median`, `std`, `p99`, `P99.9`, …) into a distribution. False: no such statistic. */
export function setStatistic(into: ForeignResult, distribution: string, statistic: string, value: number): boolean {
  const name = statistic.toLowerCase();
  const percentile = /^p(\d{1,3}(?:\.\d{1,6})?)$/.exec(name)?.[1];
  const member = percentile === undefined ? STATISTICS.get(name) : PERCENTILES.get(String(Number(percentile)));
  if (percentile === undefined && member === undefined) return false;
  if (!Number.isFinite(value)) {
    into.problems.push(`${statistic} of ${distribution} is ${value}`);
    return true;
  }
  const target = (into.distributions[distribution] ??= {});
  if (member) target[member] = value;
  else (target.extraPercentiles ??= {})[String(Number(percentile))] = value;
  return true;
}
