import { complete, emptyResult, type ForeignResult, setStatistic } from './foreign-result.ts';
import { asNumber, asObject } from './loose-json.ts';
import { identifyExport } from './profile-export-config.ts';
import type { Json } from './read-results.ts';

/**
 * AIPerf's `profile_export_aiperf.json`: each metric an object `{unit, avg, min, max, p1 … p99, std, count, sum}` at the top, beside
 * `input_config`, `start_time` and `end_time`. What it calls inter-token latency is (latency − TTFT) ÷ (output tokens − 1) per request,
 * which is our TPOT. Its `std` is the sample's, ours the population's: not translated.
 */
export function understandAiperf(json: Json): ForeignResult | null {
  if (!isExport(json) || !isAiperf(json)) return null;
  const result = emptyResult('aiperf', 'json', kindOf(json));
  read(result, json, {
    latencies: {
      ...LATENCIES,
      inter_token_latency: 'tpot_ms',
      inter_chunk_latency: 'icl_ms',
      time_to_first_output_token: 'ttfo_ms',
    },
    statistics: STATISTICS,
  });
  const good = valueOf(json['goodput']);
  if (good !== undefined) result.scalars['goodput'] = good;
  // It is written only when there were failures; the summary of them always.
  if (result.counts.failed === undefined && Array.isArray(json['error_summary']) && json['error_summary'].length === 0)
    result.counts.failed = 0;
  if (json['was_cancelled'] === true) result.problems.push('the run was cancelled before its end');
  return complete(result);
}

/**
 * genai-perf's `profile_export_genai_perf.json`, of the same shape, older ones in nanoseconds and with numbers as strings. What it calls
 * inter-token latency was a gap ÷ the tokens of its chunk and became a mean per request, and no file says which: it is not translated.
 */
export function understandGenaiPerf(json: Json): ForeignResult | null {
  if (!isExport(json) || isAiperf(json)) return null;
  const config = asObject(json['input_config']);
  const streams = config?.['streaming'] ?? asObject(config?.['endpoint'])?.['streaming'];
  const result = emptyResult('genai-perf', 'json', kindOf(json));
  // Without streaming it writes the whole latency as TTFT.
  const { request_latency } = LATENCIES;
  read(result, json, { latencies: streams === false ? { request_latency } : LATENCIES, statistics: [...STATISTICS, 'std'] });
  const goodput = valueOf(json['request_goodput']);
  if (goodput !== undefined && goodput >= 0) result.scalars['goodput'] = goodput;
  return complete(result);
}

function isExport(json: Json): boolean {
  return ['request_latency', 'request_throughput'].every((key) => asObject(json[key])?.['avg'] !== undefined);
}

function isAiperf(json: Json): boolean {
  const config = asObject(json['input_config']);
  return (
    ['aiperf_version', 'was_cancelled', 'error_summary', 'run_info'].some((key) => key in json) ||
    (config !== null && ['loadgen', 'phases', 'cli_command'].some((key) => key in config))
  );
}

/** Embeddings and rankings answer at once, without tokens. */
function kindOf(json: Json): ForeignResult['kind'] {
  return ['time_to_first_token', 'output_token_throughput', 'output_sequence_length'].some((key) => key in json) ? 'serve' : 'pooling';
}

const LATENCIES = { request_latency: 'e2el_ms', time_to_first_token: 'ttft_ms' };

const SCALARS: [key: string, ours: string][] = [
  ['request_throughput', 'request_throughput'],
  ['output_token_throughput', 'output_throughput'],
  ['total_token_throughput', 'total_token_throughput'],
  ['total_isl', 'total_input_tokens'],
  ['total_osl', 'total_output_tokens'],
];

const STATISTICS = ['avg', 'min', 'max', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99'];

/** `latencies`: their names and ours. `statistics`: those of theirs that mean the same as ours. */
function read(result: ForeignResult, json: Json, same: { latencies: Record<string, string>; statistics: readonly string[] }): void {
  result.native = json;
  identifyExport(result, json);
  for (const [key, ours] of SCALARS) scalar(result, ours, json[key], key);
  for (const [key, ours] of [
    ['input_sequence_length', 'total_input_tokens'],
    ['output_sequence_length', 'total_output_tokens'],
  ] as const) {
    const sum = asNumber(asObject(json[key])?.['sum']);
    if (sum !== undefined) result.scalars[ours] ??= sum;
  }
  const ok = valueOf(json['request_count']);
  if (ok !== undefined) result.counts.ok = ok;
  const failed = valueOf(json['error_request_count']);
  if (failed !== undefined) result.counts.failed = failed;
  const duration = asObject(json['benchmark_duration']);
  const lasted = valueOf(duration);
  const unit = duration?.['unit'] === undefined ? null : millisecondsOf(duration['unit']);
  if (lasted !== undefined && unit !== null) result.durationS = unit === 1000 ? lasted : (lasted * unit) / 1000;
  else if (lasted !== undefined) result.problems.push('benchmark_duration is in an unknown unit');
  for (const [key, ours] of Object.entries(same.latencies)) {
    const block = asObject(json[key]);
    if (block) distribution(result, ours, block, same.statistics);
  }
}

/** A single value is its own average. */
function valueOf(block: unknown): number | undefined {
  return asNumber(asObject(block)?.['avg']);
}

function scalar(result: ForeignResult, ours: string, block: unknown, key: string): void {
  const value = asObject(block)?.['avg'];
  if (value === undefined || value === null) return;
  const number = asNumber(value);
  if (number === undefined) result.problems.push(`${key} is not a number: ${JSON.stringify(value)?.slice(0, 60)}`);
  else result.scalars[ours] = number;
}

function distribution(result: ForeignResult, ours: string, block: Json, statistics: readonly string[]): void {
  const scale = millisecondsOf(block['unit']);
  if (scale === null) {
    result.problems.push(`${ours} is in an unknown unit: ${JSON.stringify(block['unit'])?.slice(0, 60)}`);
    return;
  }
  for (const statistic of statistics) {
    const value = block[statistic];
    if (value === undefined || value === null) continue;
    const number = asNumber(value);
    if (number === undefined) result.problems.push(`${statistic} of ${ours} is not a number: ${JSON.stringify(value)?.slice(0, 60)}`);
    else setStatistic(result, ours, statistic, scale === 1 ? number : number * scale);
  }
  const count = asNumber(block['count']);
  const target = result.distributions[ours];
  if (target && count !== undefined && Number.isInteger(count)) target.count = count;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, sec: 1000, seconds: 1000, us: 1e-3, µs: 1e-3, ns: 1e-6 };

/** Milliseconds of one unit; a block without a unit is in milliseconds. Null: the unit is not known. */
function millisecondsOf(unit: unknown): number | null {
  if (unit === undefined || unit === null) return 1;
  return typeof unit === 'string' && Object.hasOwn(UNITS, unit) ? (UNITS[unit] as number) : null;
}
