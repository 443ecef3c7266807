import { join } from 'node:path';
import { plainTarget, writeAtomic } from '@bench/core';
import { taskGroups } from '../groups.ts';
import { pageTitle } from '../html/head.ts';
import type { WriteOptions } from '../html/write-html.ts';
import type { Report } from '../report.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { pictureNames } from './picture-names.ts';
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
 * Writes each chart of a report as a file of its own into a folder, which is made, named by what they show: `curve-ttft_ms.svg`, `series-tiny-cpu-4-concurrent.png`, …
 * @returns their paths, in the report's order; empty: there is nothing to draw.
 * @throws BenchError `BENCH_NOT_A_FILE`, the file system's error, or the signal's reason when aborted.
 */
export async function writeCharts(report: Report, folder: string, options: ChartOptions): Promise<string[]> {
  const { formats = ['svg', 'png'], dark = false, signal } = options;
  const written: string[] = [];
  const footer = chartFooter(report);
  const charts = await reportCharts(report, signal);
  const names = pictureNames(charts);
  for (const [i, chart] of charts.entries()) {
    const svg = standaloneSvg(told(chart), { dark, footer });
    for (const format of formats) {
      signal?.throwIfAborted();
      const file = join(folder, `${names[i]}.${format}`);
      await writeAtomic(await plainTarget(file), format === 'svg' ? svg : await pngOf(svg));
      written.push(file);
    }
  }
  return written;
}

/** A page has the task's name around its charts; a picture stands alone. */
function told(chart: DrawnChart): DrawnChart {
  const [name] = chart.names ?? [];
  if (!name || chart.subtitle.includes(name)) return chart;
  return { ...chart, subtitle: [name, chart.subtitle].filter(Boolean).join(' · ') };
}

/** What was measured, on what and when, in a line: `Qwen3-8B on vllm · 1xH200 · 2026-05-04`. */
export function chartFooter({ rows }: Report): string {
  const machines = [...new Set(rows.flatMap((row) => row.machine ?? []))];
  const days = [...new Set(rows.flatMap((row) => row.measuredAt?.slice(0, 10) ?? []))].sort();
  const when = days.length > 1 ? `${days[0]} to ${days[days.length - 1]}` : days[0];
  const where = machines.length > 3 ? `${machines.length} machines` : machines.join(', ');
  return [pageTitle(taskGroups(rows)), where, when].filter(Boolean).join(' · ');
}
