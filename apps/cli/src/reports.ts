import { join } from 'node:path';
import { renderTable, type Report, writeHtml, writeXlsx } from '@bench/report';
import type { CliContext } from './context.ts';
import { styles } from './ui/style.ts';

/** Writes `report.html` and `report.xlsx`; the answer is their paths. */
export async function writeReports(report: Report, folder: string, context: CliContext): Promise<string[]> {
  const html = join(folder, 'report.html');
  const xlsx = join(folder, 'report.xlsx');
  const options = { now: context.io.now(), signal: context.signal };
  await writeHtml(report, html, context.signal.aborted ? { now: options.now } : options);
  await writeXlsx(report, xlsx, context.signal.aborted ? { now: options.now } : options);
  return [html, xlsx];
}

/** The rows of a report as a table for the terminal. */
export function reportTable({ rows }: Report): string {
  const style = styles(process.stdout);
  return renderTable(rows, { width: process.stdout.columns || 120, color: style.color, unicode: style.unicode });
}
