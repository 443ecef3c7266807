import { metric } from '@bench/core';

export interface MetricMeaning {
  unit: string;
  better: 'higher' | 'lower' | null;
}

const RATES: Readonly<Record<string, string>> = { requests: 'req/s', tokens: 'tok/s', bytes: 'B/s', operations: 'op/s' };
const ENDINGS: readonly [RegExp, string][] = [
  [/_ns$/, 'ns'],
  [/_us$/, 'us'],
  [/_ms$/, 'ms'],
  [/_(s|seconds)$/, 's'],
  [/_bytes$/, 'B'],
  [/_percent$/, '%'],
  [/_ratio$/, 'ratio'],
];
const TIMES = new Set(['ns', 'us', 'ms', 's']);

/**
 * What a figure's name tells of its unit and direction, for one that is written as a plain number: that of bench's own metric of the
 * name; `…_ns`, `_us`, `_ms`, `_s`, `_seconds`, `_bytes`, `_percent`, `_ratio` are units; `requests_per_second`, `tokens_…`, `bytes_…`,
 * `operations_…` are req/s, tok/s, B/s, op/s, and any other `x_per_second` x/s; rates are better higher. Better lower: times whose name
 * holds `latency`, `duration` or `elapsed`, and what begins with `failed_`, `error_` or `errors`. Otherwise the unit is empty and neither
 * direction is better.
 */
export function meaningOf(name: string): MetricMeaning {
  const known = metric(name);
  if (known) return { unit: known.unit, better: known.better === 'neither' ? null : known.better };
  const rate = /(?:^|_)([a-z]+)_per_second$/.exec(name)?.[1];
  if (rate !== undefined) return { unit: RATES[rate] ?? `${rate}/s`, better: 'higher' };
  const unit = ENDINGS.find(([ending]) => ending.test(name))?.[1] ?? '';
  const lower = (TIMES.has(unit) && /latency|duration|elapsed/.test(name)) || /^(failed_|error_|errors$|errors_)/.test(name);
  return { unit, better: lower ? 'lower' : null };
}
