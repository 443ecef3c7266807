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
