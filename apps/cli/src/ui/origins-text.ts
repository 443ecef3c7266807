import type { OriginResult } from '@bench/core';
import { columns } from './columns.ts';
import type { Styles } from './style.ts';

/** A table of what each server of a load to several came to. */
export function originsText(origins: readonly OriginResult[], style: Styles): string {
  const rows = origins.map(({ url, counts, distributions: { ttft_ms: ttft } }) => [
    url,
    String(counts.sent),
    String(counts.ok),
    String(counts.failed),
    ttft ? ttft.p50.toFixed(2) : '-',
    ttft ? ttft.p99.toFixed(2) : '-',
  ]);
  return columns(['server', 'requests', 'ok', 'failed', 'TTFT p50, ms', 'TTFT p99, ms'], rows, style);
}
