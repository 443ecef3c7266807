import { formatMs, formatShort, formatUsd } from '../format.ts';
import { mainLatency, mainThroughput } from '../headline.ts';
import type { ReportRow } from '../rows.ts';
import { mainLimits } from '../verdicts/questions.ts';
import type { AxisFormat } from './line-chart.ts';

/** Something a point is better or worse at. */
export interface Measure {
  /** As part of a title: `throughput per GPU`. */
  title: string;
  /** At the axis. */
  label: string;
  better: 'higher' | 'lower';
  of(row: ReportRow): number | null;
  format(value: number): string;
  axis?: AxisFormat;
  /** What the SLO says of it. */
  limit?: number | undefined;
}

/** What a chart sets against each other. */
export interface TradeOff {
  id: string;
  title: string;
  x: Measure;
  y: Measure;
}

/** What can be traded for what: throughput and cost for time to first token and for the speed that each user sees. */
export function tradeOffs(rows: readonly ReportRow[]): TradeOff[] {
  const throughput = throughputOf(rows);
  const cost = costMeasure(rows);
  const gains = [throughput && { ...throughput, name: 'throughput' }, cost && { ...cost, name: 'cost' }].filter((gain) => gain !== null);
  const latencies = [latencyMeasure(rows), userRate(rows)].filter((measure) => measure !== null);
  return gains.flatMap((x) => latencies.map((y) => ({ id: `${x.name}-${y.name}`, title: capital(`${x.title} against ${y.title}`), x, y })));
}

/** Throughput, of each GPU where their counts are known. Null: nothing came out. */
export function throughputOf(rows: readonly ReportRow[]): Measure | null {
  const main = mainThroughput(rows);
  if (!main) return null;
  const perGpu = rows.every(({ gpuCount }) => gpuCount > 0) && rows.some(({ gpuCount }) => gpuCount > 1);
  return {
    title: perGpu ? 'throughput per GPU' : 'throughput',
    label: `${main.words}${perGpu ? ', per GPU' : ''}`,
    better: 'higher',
    of: (row) => positive(main.of(row) / (perGpu ? row.gpuCount : 1)),
    format: (value) => `${formatShort(value)} ${main.unit}${perGpu ? ' per GPU' : ''}`,
  };
}

function costMeasure(rows: readonly ReportRow[]): Measure | null {
  const name = ['cost_per_mtok_total', 'cost_per_mtok_output'].find((each) => rows.some((row) => row.scalars[each] !== undefined));
  if (name === undefined) return null;
  const words = name === 'cost_per_mtok_total' ? 'per million tokens' : 'per million output tokens';
  return {
    title: 'cost',
    label: `$ ${words}`,
    better: 'lower',
    of: (row) => positive(row.scalars[name]),
    format: (value) => `${formatUsd(value)} ${words}`,
    axis: 'usd',
  };
}

function latencyMeasure(rows: readonly ReportRow[]): (Measure & { name: string }) | null {
  const main = mainLatency(rows);
  if (!main) return null;
  const whole = rows.every(
    ({ distributions }) => distributions[main.name]?.p50 === undefined || distributions[main.name]?.p99 !== undefined,
  );
  const key = whole ? 'p99' : 'p50';
  const slo = mainLimits(rows);
  return {
    name: 'latency',
    title: main.label === 'TTFT' ? 'time to first token' : 'end-to-end latency',
    label: `${main.label} ${key}, ms`,
    better: 'lower',
    of: (row) => positive(row.distributions[main.name]?.[key]),
    format: (value) => `${main.label} ${key} ${formatMs(value)}`,
    limit: main.label === 'TTFT' ? slo?.ttftMs : slo?.e2elMs,
  };
}

function userRate(rows: readonly ReportRow[]): (Measure & { name: string }) | null {
  if (!rows.some(({ distributions }) => distributions.tpot_ms?.p50 !== undefined)) return null;
  const tpotMs = mainLimits(rows)?.tpotMs;
  return {
    name: 'speed',
    title: 'speed for each user',
    label: 'tokens per second for each user (1000 ÷ TPOT p50)',
    better: 'higher',
    of: ({ distributions: { tpot_ms: tpot } }) => (tpot?.p50 ? 1000 / tpot.p50 : null),
    format: (value) => `${formatShort(value)} tokens per second for each user`,
    limit: tpotMs === undefined ? undefined : 1000 / tpotMs,
  };
}

const positive = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) && value > 0 ? value : null);

const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
