import { understandDeplodockJson } from './deplodock-json.ts';
import { complete, emptyResult, type ForeignResult, setStatistic } from './foreign-result.ts';
import { understandGuidellm } from './guidellm-json.ts';
import { asNumber, asObject } from './loose-json.ts';
import { understandAiperf, understandGenaiPerf } from './profile-export.ts';
import { type Json, readResults } from './read-results.ts';
import { VLLM_SECTIONS } from './vllm-layout.ts';

type Reader = (json: Json, format: ForeignResult['format']) => ForeignResult | null;

/** Every result in a file of `vllm bench serve --save-result` (also `--append-result`), `latency` or `throughput --output-json`. @throws BenchError `BENCH_NO_RESULT` when there is none. */
export function parseVllmJson(text: string): ForeignResult[] {
  return readResults(text, [latency, throughput, (json, format) => serve(json, format, 'vllm')]);
}

/** Every result in a JSONL file of SGLang's `bench_serving`, one a line. @throws BenchError `BENCH_NO_RESULT`. */
export function parseSglangJson(text: string): ForeignResult[] {
  return readResults(text, [(json, format) => serve(json, format, 'sglang')]);
}

/** Every benchmark of a GuideLLM report (`benchmarks.json`), of any of its versions since 0.1. @throws BenchError `BENCH_NO_RESULT`. */
export function parseGuidellmJson(text: string): ForeignResult[] {
  return readResults(text, [understandGuidellm]);
}

/** The result in AIPerf's `profile_export_aiperf.json`. @throws BenchError `BENCH_NO_RESULT`. */
export function parseAiperfJson(text: string): ForeignResult[] {
  return readResults(text, [understandAiperf]);
}

/** The result in genai-perf's `profile_export_genai_perf.json`. @throws BenchError `BENCH_NO_RESULT`. */
export function parseGenaiPerfJson(text: string): ForeignResult[] {
  return readResults(text, [understandGenaiPerf]);
}

/** Any of these, and deplodock's JSON twins, told apart value by value. @throws BenchError `BENCH_NO_RESULT`. */
export function parseResultJson(text: string): ForeignResult[] {
  return readResults(text, [
    (json) => understandDeplodockJson(json),
    understandGuidellm,
    understandAiperf,
    understandGenaiPerf,
    latency,
    throughput,
    (json, format) => serve(json, format, looksLikeSglang(json) ? 'sglang' : 'vllm'),
  ]);
}

function looksLikeSglang(json: Json): boolean {
  return (
    !('total_token_throughput' in json) &&
    ['mean_e2e_latency_ms', 'total_throughput', 'total_output_tokens_retokenized', 'random_range_ratio', 'sharegpt_output_len'].some(
      (k) => k in json,
    )
  );
}

/** Keys that mean the same as a scalar of ours. */
const SCALARS: [key: string, ours: string][] = [
  ['request_throughput', 'request_throughput'],
  ['request_goodput', 'goodput'],
  // Releases of 2024 and 2025 wrote the label's colon into the key.
  ['request_goodput:', 'goodput'],
  ['output_throughput', 'output_throughput'],
  ['input_throughput', 'input_throughput'],
  ['total_token_throughput', 'total_token_throughput'],
  ['total_throughput', 'total_token_throughput'],
  ['total_input_tokens', 'total_input_tokens'],
  ['total_output_tokens', 'total_output_tokens'],
  ['concurrency', 'mean_concurrency'],
];

const LATENCIES = new Map([...VLLM_SECTIONS.map(({ key, ours }): [string, string] => [key, ours]), ['e2e_latency', 'e2el_ms']]);

function serve(json: Json, format: ForeignResult['format'], tool: ForeignResult['tool']): ForeignResult | null {
  if (!('request_throughput' in json) && !('completed' in json && 'duration' in json)) return null;
  const pooling =
    !('output_throughput' in json) &&
    !('mean_ttft_ms' in json) &&
    ('mean_e2el_ms' in json || 'input_sequence_throughput' in json || 'input_lens' in json);
  const result = emptyResult(tool, tool === 'sglang' ? 'jsonl' : format, pooling ? 'pooling' : 'serve');
  result.native = json;
  identify(result, json);
  for (const [key, ours] of SCALARS) {
    const value = json[key];
    const number = asNumber(value);
    if (number !== undefined) result.scalars[ours] = number;
    else if (value !== undefined && value !== null) result.problems.push(`${key} is not a number: ${JSON.stringify(value)?.slice(0, 60)}`);
  }
  for (const [key, value] of Object.entries(json)) readStatistic(result, key, value);
  const steady = asNumber(asObject(json['steady_state'])?.['output_throughput']);
  if (steady !== undefined) result.scalars['steady_output_throughput'] = steady;
  const rate = asNumber(asObject(json['cache_report'])?.['cache_hit_rate_pct']);
  if (rate !== undefined) result.scalars['cached_ratio'] = rate / 100;
  return complete(result);
}

function identify(result: ForeignResult, json: Json): void {
  for (const key of ['model_id', 'model']) if (typeof json[key] === 'string') result.model ??= json[key];
  const served = asObject(json['server_info'])?.['model_path'];
  if (typeof served === 'string') result.model ??= served;
  if (typeof json['date'] === 'string') result.date = json['date'];
  const duration = asNumber(json['duration']);
  if (duration !== undefined) result.durationS = duration;
  const concurrency = asNumber(json['max_concurrency']);
  if (concurrency !== undefined) result.maxConcurrency = concurrency;
  const rate = json['request_rate'];
  if (typeof rate === 'string' && /^inf(inity)?$/i.test(rate)) result.requestRate = 'inf';
  else if (asNumber(rate) !== undefined) result.requestRate = asNumber(rate) as number;
  const ok = asNumber(json['completed']);
  if (ok !== undefined) result.counts.ok = ok;
  const failed = asNumber(json['failed']) ?? listedFailures(json);
  if (failed !== undefined) result.counts.failed = failed;
}

/** Failures counted from lists, where a version has no figure for them. */
function listedFailures(json: Json): number | undefined {
  if (Array.isArray(json['failed_requests'])) return json['failed_requests'].length;
  if (Array.isArray(json['errors'])) return json['errors'].filter((e) => e !== '' && e !== null).length;
  return undefined;
}

function readStatistic(result: ForeignResult, key: string, value: unknown): void {
  if (key.length > 80 || !key.endsWith('_ms')) return;
  const border = key.indexOf('_');
  const ours = LATENCIES.get(key.slice(border + 1, -3));
  if (ours === undefined || value === null) return;
  const literal = typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value) ? Number(value) : asNumber(value);
  if (literal === undefined) result.problems.push(`${key} is not a number: ${JSON.stringify(value)?.slice(0, 60)}`);
  else setStatistic(result, ours, key.slice(0, border), literal);
}

/** `vllm bench latency --output-json`: seconds. */
const latency: Reader = (json, format) => {
  const mean = asNumber(json['avg_latency']);
  if (mean === undefined || 'request_throughput' in json) return null;
  const result = emptyResult('vllm', format, 'latency');
  result.native = json;
  setStatistic(result, 'batch_latency_ms', 'mean', mean * 1000);
  const samples = (Array.isArray(json['latencies']) ? json['latencies'] : []).map(asNumber).filter((n) => n !== undefined);
  const target = result.distributions['batch_latency_ms'];
  if (target && samples.length > 0)
    Object.assign(target, {
      count: samples.length,
      min: samples.reduce((a, b) => Math.min(a, b)) * 1000,
      max: samples.reduce((a, b) => Math.max(a, b)) * 1000,
    });
  const std = asNumber(json['std_latency']);
  if (std !== undefined) setStatistic(result, 'batch_latency_ms', 'std', std * 1000);
  for (const [p, value] of Object.entries(asObject(json['percentiles']) ?? {})) {
    const seconds = asNumber(value);
    if (seconds === undefined || !setStatistic(result, 'batch_latency_ms', `p${p}`, seconds * 1000))
      result.problems.push(`percentile ${p} cannot be read`);
  }
  return complete(result);
};

/** `vllm bench throughput --output-json`: `tokens_per_second` counts prompt and output, and was a string for a while. */
const throughput: Reader = (json, format) => {
  const requests = asNumber(json['requests_per_second']);
  if (requests === undefined || json['elapsed_time'] === undefined) return null;
  const result = emptyResult('vllm', format, 'throughput');
  result.native = json;
  result.scalars['request_throughput'] = requests;
  const total = asNumber(json['tokens_per_second']);
  if (total !== undefined) result.scalars['total_token_throughput'] = total;
  const output = asNumber(json['output_tokens_per_second']);
  if (output !== undefined) result.scalars['output_throughput'] = output;
  const tokens = asNumber(json['total_output_tokens']);
  if (tokens !== undefined) result.scalars['total_output_tokens'] = tokens;
  const elapsed = asNumber(json['elapsed_time']);
  if (elapsed !== undefined) result.durationS = elapsed;
  const ok = asNumber(json['num_requests']);
  if (ok !== undefined) result.counts.ok = ok;
  return complete(result);
};
