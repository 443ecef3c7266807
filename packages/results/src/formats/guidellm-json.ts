import { complete, emptyResult, type ForeignResult, setStatistic } from './foreign-result.ts';
import { asNumber, asObject } from './loose-json.ts';
import type { Json } from './read-results.ts';

/** Version of the report's schema (`metadata.version`) up to which its fields are known. */
const KNOWN_SCHEMA = 2;

/**
 * A GuideLLM report: an object with a list `benchmarks`, whose members have `metrics` of `{successful, incomplete, errored, total}`. Up to
 * 0.3 what was asked is in `args`, `run_stats` and `worker`, later in `config` and `scheduler_metrics`.
 *
 * Its rates are means over the time between events, which leaves the ends of the run out; throughputs here are what it counted ÷ its
 * duration, as METRICS has them. Its TPOT includes the TTFT and is not translated. Its ITL is a mean per request, weighted by tokens: the
 * mean of it is ours, and all of it is our TPOT where every request had as many output tokens.
 */
export function understandGuidellm(json: Json): ForeignResult[] | null {
  const list = json['benchmarks'];
  if (!Array.isArray(list)) return null;
  const metadata = asObject(json['metadata']);
  const known = list.map(asObject).filter((item) => item !== null && asObject(item['metrics']) !== null) as Json[];
  const ours = typeof metadata?.['guidellm_version'] === 'string' || known.some(({ metrics }) => isStatusBreakdown(metrics));
  if (!ours) return null;
  const results = known.map((item) => benchmark(item, json));
  const left = list.length - known.length;
  if (left > 0) results.at(-1)?.problems.push(`${left} of ${list.length} benchmarks cannot be read: no metrics`);
  const version = asNumber(metadata?.['version']);
  if (version !== undefined && version > KNOWN_SCHEMA)
    results.at(-1)?.problems.push(`report schema ${version} is later than the last that is known (${KNOWN_SCHEMA})`);
  return results;
}

function isStatusBreakdown(metrics: unknown): boolean {
  const of = asObject(metrics);
  return of !== null && ['request_latency', 'requests_per_second', 'time_to_first_token_ms'].some((k) => asObject(of[k])?.['successful']);
}

function benchmark(item: Json, report: Json): ForeignResult {
  const metrics = asObject(item['metrics']) ?? {};
  const summary = (name: string, status = 'successful') => asObject(asObject(metrics[name])?.[status]);
  const result = emptyResult('guidellm', 'json', summary('output_token_count') || !summary('request_latency') ? 'serve' : 'pooling');
  // Records of single requests may be many times the rest.
  result.native = Object.fromEntries(Object.entries(item).filter(([key]) => key !== 'requests'));
  identify(result, item, report);
  count(result, item, metrics);
  latency(result, 'ttft_ms', summary('time_to_first_token_ms'));
  latency(result, 'ttfo_ms', summary('time_to_first_output_token_ms'));
  latency(result, 'e2el_ms', summary('request_latency'), 1000);
  const itl = summary('inter_token_latency_ms');
  const tokens = summary('output_token_count');
  const mean = asNumber(itl?.['mean']);
  if (mean !== undefined && mean > 0) result.distributions['itl_ms'] = { mean };
  const [least, most] = [asNumber(tokens?.['min']), asNumber(tokens?.['max'])];
  if (least !== undefined && least === most && least > 1) latency(result, 'tpot_ms', itl);
  rates(result, summary);
  return complete(result);
}

/** Counts and totals ÷ the duration, and what was in flight. */
function rates(result: ForeignResult, summary: (name: string, status?: string) => Json | null): void {
  const set = (name: string, value: number | undefined) => {
    if (value !== undefined) result.scalars[name] = value;
  };
  const input = asNumber(summary('prompt_token_count')?.['total_sum']);
  const output = asNumber(summary('output_token_count')?.['total_sum']);
  set('total_input_tokens', input);
  set('total_output_tokens', output);
  set('mean_concurrency', asNumber(summary('request_concurrency', 'total')?.['mean']));
  set('peak_concurrency', asNumber(summary('request_concurrency', 'total')?.['max']));
  const { durationS } = result;
  if (durationS === undefined || durationS <= 0) return;
  const per = (value: number | undefined) => (value === undefined ? undefined : value / durationS);
  set('request_throughput', per(result.counts.ok));
  set('input_throughput', per(input));
  set('output_throughput', per(output));
  set('total_token_throughput', input === undefined || output === undefined ? undefined : per(input + output));
}

function identify(result: ForeignResult, item: Json, report: Json): void {
  const config = asObject(item['config']);
  const args = asObject(item['args']);
  const model = [
    asObject(config?.['backend'])?.['model'],
    asObject(item['worker'])?.['backend_model'],
    asObject(report['args'])?.['model'],
    asObject(asObject(report['config'])?.['backend'])?.['model'],
  ].find((name) => typeof name === 'string' && name !== '');
  if (typeof model === 'string') result.model = model;
  const strategy = asObject(config?.['strategy']) ?? asObject(args?.['strategy']) ?? {};
  const type = strategy['type_'];
  const streams = asNumber(strategy['streams']) ?? asNumber(strategy['max_concurrency']);
  if (type === 'synchronous') result.maxConcurrency = 1;
  else if (streams !== undefined) result.maxConcurrency = streams;
  const rate = asNumber(strategy['rate']) ?? asNumber(strategy['initial_rate']) ?? asNumber(config?.['rate']);
  if (type === 'throughput') result.requestRate = 'inf';
  else if (rate !== undefined && type !== 'concurrent' && type !== 'synchronous') result.requestRate = rate;
}

function count(result: ForeignResult, item: Json, metrics: Json): void {
  const stats = asObject(item['run_stats']);
  const totals =
    asObject(metrics['request_totals']) ??
    asObject(item['request_totals']) ??
    asObject(asObject(item['scheduler_metrics'])?.['requests_made']) ??
    asObject(stats?.['requests_made']);
  const of = (status: string) => asNumber(totals?.[status]) ?? asNumber(stats?.[`total_${status}`]);
  const [ok, failed, cancelled] = [of('successful'), of('errored'), of('incomplete')];
  if (ok !== undefined) result.counts.ok = ok;
  if (failed !== undefined) result.counts.failed = failed;
  if (cancelled !== undefined) result.counts.cancelled = cancelled;
  const from = asNumber(item['start_time']) ?? asNumber(stats?.['start_time']);
  const to = asNumber(item['end_time']) ?? asNumber(stats?.['end_time']);
  const duration = asNumber(item['duration']) ?? (from !== undefined && to !== undefined ? to - from : undefined);
  if (duration !== undefined && duration > 0) result.durationS = duration;
  else if (duration !== undefined) result.problems.push(`the duration is ${duration} s`);
  // Seconds since 1970, up to the last that a Date can hold.
  if (to !== undefined && to > 0 && to < 8.64e12) result.date = new Date(to * 1000).toISOString();
}

/** `p001`: 0.1, `p01`: 1, …, `p999`: 99.9. */
const PERCENTILES = new Map([
  ['p001', 'p0.1'],
  ['p01', 'p1'],
  ['p05', 'p5'],
  ['p999', 'p99.9'],
]);

/** A summary of at least one value, times `scale`. Percentiles are values that occurred: none is interpolated. */
function latency(result: ForeignResult, name: string, summary: Json | null, scale = 1): void {
  if (!summary || asNumber(summary['count']) === 0) return;
  const put = (statistic: string, value: unknown, by = scale) => {
    if (value === null || value === undefined) return;
    const number = asNumber(value);
    if (number === undefined) result.problems.push(`${statistic} of ${name} is not a number: ${JSON.stringify(value)?.slice(0, 60)}`);
    else setStatistic(result, name, statistic, number * by);
  };
  put('mean', summary['mean']);
  put('std', summary['std_dev']);
  put('min', summary['min']);
  put('max', summary['max']);
  put('median', summary['median']);
  for (const [key, value] of Object.entries(asObject(summary['percentiles']) ?? {}).slice(0, 100)) put(PERCENTILES.get(key) ?? key, value);
  const samples = asNumber(summary['count']);
  const target = result.distributions[name];
  if (target && samples !== undefined && Number.isInteger(samples)) target.count = samples;
}
