import type { Bounds, PointFlag } from '@bench/core';
import { formatMs, formatShort, formatUsd } from '../format.ts';
import { mainLatency, mainThroughput } from '../headline.ts';
import type { ReportRow } from '../rows.ts';
import { holds } from '../saturation/slo.ts';

/** A question that a reader has, and what answers it. */
export interface Question {
  kind: 'fastest' | 'quickest' | 'cheapest' | 'slo';
  title: string;
  /** Of the answer's figure: `output tok/s`. */
  unit: string;
  better: 'higher' | 'lower';
  /** Null: the row has no answer. */
  of(row: ReportRow): number | null;
  /** Between which values it lies (95 %); null: not known. */
  bounds(row: ReportRow): Bounds | null;
  format(value: number): string;
  /** Of a latency the p99 beside its p50, ms; null: it has none. */
  tail?(row: ReportRow): number | null;
  /** What must be read beside the figure: `p99 68 s`; null: nothing. */
  beside?(row: ReportRow): string | null;
  /** Notes with which a figure may look better than it is: with one of them a point is crowned only where all have one. */
  flatters: ReadonlySet<PointFlag['code']>;
}

/** Not the work that was asked for, or only part of it. */
const OTHER_WORK = ['cache_warm', 'prompts_repeated', 'short_output', 'prompt_length', 'interrupted'] as const;

/** From this share of failed requests on, what is left flatters any figure: as much as a search lets fail where a load passes. */
const MANY_FAILED = 0.01;

/** The notes of a row with which its answer may look better than it is. */
export function flattering({ flatters }: Question, { flags, scalars }: ReportRow): PointFlag[] {
  const manyFailed = (scalars.error_ratio ?? 1) >= MANY_FAILED;
  return flags.filter(({ code }) => flatters.has(code) || (code === 'failures' && manyFailed));
}

/** The questions that the rows can answer, in the order of the page. */
export function questionsOf(rows: readonly ReportRow[]): Question[] {
  const throughput = fastest(rows);
  return [throughput, quickest(rows), cheapest(rows), throughput && underSlo(rows, throughput)].filter((question) => question !== null);
}

function fastest(rows: readonly ReportRow[]): Question | null {
  const throughput = mainThroughput(rows);
  if (!throughput) return null;
  const { name, unit } = throughput;
  return {
    kind: 'fastest',
    title: 'Fastest',
    unit: name === 'output_throughput' ? 'output tok/s' : unit,
    better: 'higher',
    of: (row) => known(row.scalars[name]),
    bounds: (row) => row.intervals?.scalars[name] ?? null,
    format: formatShort,
    flatters: new Set([...OTHER_WORK, 'token_source']),
  };
}

function quickest(rows: readonly ReportRow[]): Question | null {
  const latency = mainLatency(rows);
  if (!latency) return null;
  const { name, label } = latency;
  const tail = (row: ReportRow) => known(row.distributions[name]?.p99);
  return {
    kind: 'quickest',
    title: label === 'TTFT' ? 'Quickest first token' : 'Quickest answer',
    unit: `${label} p50`,
    better: 'lower',
    of: (row) => known(row.distributions[name]?.p50),
    bounds: (row) => row.intervals?.distributions[name]?.p50 ?? null,
    format: formatMs,
    tail,
    beside: (row) => {
      const p99 = tail(row);
      return p99 === null ? null : `p99 ${formatMs(p99)}`;
    },
    flatters: new Set([...OTHER_WORK, 'failures']),
  };
}

function cheapest(rows: readonly ReportRow[]): Question | null {
  const [name, throughput, unit] = rows.some((row) => row.scalars.cost_per_mtok_total !== undefined)
    ? (['cost_per_mtok_total', 'total_token_throughput', 'per million tokens, in and out'] as const)
    : (['cost_per_mtok_output', 'output_throughput', 'per million output tokens'] as const);
  if (!rows.some((row) => row.scalars[name] !== undefined)) return null;
  return {
    kind: 'cheapest',
    title: 'Cheapest',
    unit,
    better: 'lower',
    of: (row) => known(row.scalars[name]),
    // The price is one number: what varies is the throughput below it.
    bounds: (row) => {
      const own = row.intervals?.scalars[name];
      if (own) return own;
      const cost = row.scalars[name];
      const mean = row.scalars[throughput];
      const of = row.intervals?.scalars[throughput];
      return cost === undefined || !mean || !of || of.low <= 0 ? null : { low: (cost * mean) / of.high, high: (cost * mean) / of.low };
    },
    format: formatUsd,
    flatters: new Set([...OTHER_WORK, 'token_source']),
  };
}

function underSlo(rows: readonly ReportRow[], throughput: Question): Question | null {
  const limits = mainSlo(rows);
  if (limits === null) return null;
  return {
    ...throughput,
    kind: 'slo',
    title: rows.some(({ askedSlo }) => askedSlo) ? 'Best under the SLO asked for' : 'Best under the SLO',
    of: (row) => (sloText(row.slo) === limits && holds(row) ? throughput.of(row) : null),
    flatters: new Set([...throughput.flatters, 'failures']),
  };
}

/** The limits that most of the rows have; null: none was named. */
export function mainSlo(rows: readonly ReportRow[]): string | null {
  const count = new Map<string, number>();
  for (const { slo } of rows) {
    const limits = sloText(slo);
    if (limits !== null) count.set(limits, (count.get(limits) ?? 0) + 1);
  }
  return [...count].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** The same, as limits. */
export function mainLimits(rows: readonly ReportRow[]): ReportRow['slo'] {
  const text = mainSlo(rows);
  return text === null ? null : (rows.find(({ slo }) => sloText(slo) === text)?.slo ?? null);
}

/** `TTFT ≤ 500 ms, TPOT ≤ 50 ms`; null: there are none. */
export function sloText(slo: ReportRow['slo']): string | null {
  const limits = Object.entries(slo ?? {}).flatMap(([name, ms]) =>
    ms === undefined ? [] : [`${name.replace(/Ms$/, '').toUpperCase()} ≤ ${formatMs(ms)}`],
  );
  return limits.length === 0 ? null : limits.join(', ');
}

const known = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) && value > 0 ? value : null);
