import { formatMs, formatPercent, formatShort } from './format.ts';
import type { TaskGroup } from './groups.ts';
import { pointLabel } from './labels.ts';
import type { ReportRow } from './rows.ts';

const THROUGHPUT: readonly [name: string, unit: string, words: string][] = [
  ['output_throughput', 'tok/s', 'output tokens per second'],
  ['total_token_throughput', 'tok/s', 'tokens per second'],
  ['request_throughput', 'req/s', 'requests per second'],
];

/** The throughput that all rows have: output tokens, else all tokens (embeddings), else requests. */
export function mainThroughput(
  rows: readonly ReportRow[],
): { name: string; unit: string; words: string; of(row: ReportRow): number } | null {
  const measured = rows.filter((row) => row.counts !== null);
  for (const [name, unit, words] of THROUGHPUT) {
    if (measured.length > 0 && measured.every((row) => (row.scalars[name] ?? 0) > 0))
      return { name, unit, words, of: (row) => row.scalars[name] ?? 0 };
  }
  for (const [name, unit, words] of THROUGHPUT) {
    if (measured.some((row) => (row.scalars[name] ?? 0) > 0)) return { name, unit, words, of: (row) => row.scalars[name] ?? 0 };
  }
  return null;
}

/** The latency of the first thing a user sees: TTFT where answers are streamed, else the whole answer. */
export function mainLatency(rows: readonly ReportRow[]): { name: string; label: string } | null {
  for (const [name, label] of [
    ['ttft_ms', 'TTFT'],
    ['e2el_ms', 'E2EL'],
  ] as const) {
    if (rows.some((row) => row.distributions[name])) return { name, label };
  }
  return null;
}

/** Where more load stops paying. */
export interface Saturation {
  /** `reached`: at `row`. `rising`: not within the loads tried. `from-start`: already at the lowest. */
  kind: 'reached' | 'rising' | 'from-start';
  row: ReportRow;
  words: string;
}

/** Share of the best throughput from which more load is taken not to pay. */
const ENOUGH = 0.9;

/**
 * Closed loops: the lowest concurrency that gives at least 90 % of the best throughput. Open loops: the highest rate that was kept up
 * with, which is when requests, the last answer's drain left out, came out at 90 % or more of the rate they were sent at.
 * Null with fewer than three loads.
 */
export function saturation(group: TaskGroup): Saturation | null {
  const rows = group.measured.filter((row) => row.axis);
  const kinds = new Set(rows.map((row) => row.axis?.kind));
  if (kinds.size !== 1 || new Set(rows.map((row) => row.axis?.value)).size < 3) return null;
  return kinds.has('rate') ? openSaturation(rows) : closedSaturation(rows);
}

function closedSaturation(rows: ReportRow[]): Saturation | null {
  const throughput = mainThroughput(rows);
  if (!throughput) return null;
  const best = Math.max(...rows.map(throughput.of));
  const at = rows.findIndex((row) => throughput.of(row) >= ENOUGH * best);
  const row = rows[at] as ReportRow;
  const last = rows[rows.length - 1] as ReportRow;
  if (row === last) {
    const before = rows[rows.length - 2] as ReportRow;
    const gain = throughput.of(last) / throughput.of(before) - 1;
    const words = `Not reached: from ${formatShort(before.axis?.value)} to ${pointLabel(last)}, ${throughput.words} still grew by ${formatPercent(gain)}. Try higher loads to find the limit.`;
    return { kind: 'rising', row: last, words };
  }
  const share = throughput.of(row) / best;
  const gain = throughput.of(last) / throughput.of(row) - 1;
  const slower = latencyRatio(row, last);
  const change =
    Math.abs(gain) < 0.005 ? 'the same throughput' : `${formatPercent(Math.abs(gain))} ${gain > 0 ? 'more' : 'less'} throughput`;
  const price = slower ? `, ${slower}` : '';
  const words = `At ${pointLabel(row)} the engine gives ${share >= 0.999 ? 'its best throughput' : `${formatPercent(share)} of its best`}. Going on to ${formatShort(last.axis?.value)} brings ${change}${price}.`;
  return { kind: at === 0 ? 'from-start' : 'reached', row, words };
}

function openSaturation(rows: ReportRow[]): Saturation | null {
  const drainS = Math.min(...rows.map((row) => row.distributions.e2el_ms?.p50 ?? 0)) / 1000;
  const keptUp = (row: ReportRow) => {
    const asked = row.axis?.value ?? 0;
    const requests = (row.counts?.sent ?? 0) / Math.max(1, row.repeats);
    const span = Math.max((row.durationS ?? 0) - drainS, 1e-9);
    return requests / span >= ENOUGH * asked;
  };
  const broken = rows.findIndex((row) => !keptUp(row));
  const last = rows[rows.length - 1] as ReportRow;
  if (broken < 0)
    return { kind: 'rising', row: last, words: `Not reached: the engine kept up with ${pointLabel(last)}, the highest rate tried.` };
  if (broken === 0) {
    const first = rows[0] as ReportRow;
    return { kind: 'from-start', row: first, words: `The engine did not keep up with ${pointLabel(first)}, the lowest rate tried.` };
  }
  const row = rows[broken - 1] as ReportRow;
  const next = rows[broken] as ReportRow;
  return { kind: 'reached', row, words: `The engine keeps up with ${pointLabel(row)}, and falls behind at ${pointLabel(next)}.` };
}

function latencyRatio(from: ReportRow, to: ReportRow): string | null {
  const latency = mainLatency([from, to]);
  if (!latency) return null;
  const a = from.distributions[latency.name]?.p50;
  const b = to.distributions[latency.name]?.p50;
  if (!a || !b) return null;
  const ratio = b / a;
  if (ratio > 0.9 && ratio < 1.1) return null;
  const what = latency.label === 'TTFT' ? 'waiting for the first token' : 'waiting for the answer';
  return `and ${what} takes ${formatShort(Number(ratio.toPrecision(2)))}× as long (${formatMs(a)} to ${formatMs(b)} at p50)`;
}
