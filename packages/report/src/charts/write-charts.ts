import { join } from 'node:path';
import { plainTarget, writeAtomic } from '@bench/core';
import { taskGroups } from '../groups.ts';
import { pageTitle } from '../html/head.ts';
import type { WriteOptions } from '../html/write-html.ts';
import type { Report } from '../report.ts';
import { pngOf } from './png.ts';
import { reportCharts } from './report-charts.ts';
import { standaloneSvg } from './standalone-svg.ts';

/** How charts are written. */
export interface ChartOptions extends WriteOptions {
  /** Default: both. */
  formats?: readonly ('svg' | 'png')[];
  /** Light on dark. Default: dark on light. */
  dark?: boolean;
}

/**
 * Writes each chart of a report as a file of its own into a folder, which is made: `curve-ttft_ms.svg`, `curve-ttft_ms.png`, …
 * @returns their paths, in the report's order; empty: there is nothing to draw.
 * @throws BenchError `BENCH_NOT_A_FILE`, the file system's error, or the signal's reason when aborted.
 */
export async function writeCharts(report: Report, folder: string, options: ChartOptions): Promise<string[]> {
  const { formats = ['svg', 'png'], dark = false, signal } = options;
  const written: string[] = [];
  const footer = chartFooter(report);
  for (const chart of await reportCharts(report, signal)) {
    const svg = standaloneSvg(chart, { dark, footer });
    for (const format of formats) {
      signal?.throwIfAborted();
      const file = join(folder, `${chart.id}.${format}`);
      await writeAtomic(await plainTarget(file), format === 'svg' ? svg : await pngOf(svg));
      written.push(file);
    }
  }
  return written;
}

/** What was measured, on what and when, in a line: `Qwen3-8B on vllm · 1xH200 · 2026-05-04`. */
export function chartFooter({ rows }: Report): string {
  const machines = [...new Set(rows.flatMap((row) => row.machine ?? []))];
  const days = [...new Set(rows.flatMap((row) => row.measuredAt?.slice(0, 10) ?? []))].sort();
  const when = days.length > 1 ? `${days[0]} to ${days[days.length - 1]}` : days[0];
  const where = machines.length > 3 ? `${machines.length} machines` : machines.join(', ');
  return [pageTitle(taskGroups(rows)), where, when].filter(Boolean).join(' · ');
}
