import { plainTarget, writeAtomic } from '@bench/core';
import type { Report } from '../report.ts';
import { renderPage } from './page.ts';

export interface WriteOptions {
  /** Wall clock, milliseconds since the epoch: when the report is written. */
  now: number;
  signal?: AbortSignal | undefined;
}

/**
 * Writes a report as one HTML file: no network, no script needed. Written whole or not at all.
 * @throws BenchError `BENCH_NOT_A_FILE`, the file system's error, or the signal's reason when aborted.
 */
export async function writeHtml(report: Report, file: string, options: WriteOptions): Promise<void> {
  const page = await renderPage(report, options);
  options.signal?.throwIfAborted();
  await writeAtomic(await plainTarget(file), page);
}
