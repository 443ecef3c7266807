import { join } from 'node:path';
import { renderTable, reportRows, writeHtml, writeXlsx } from '@bench/report';
import type { RunView } from '@bench/results';
import type { CliContext } from './context.ts';
import { styles } from './ui/style.ts';

/** Writes `report.html` and `report.xlsx`; the answer is their paths. */
export async function writeReports(views: RunView[], folder: string, context: CliContext): Promise<string[]> {
  const html = join(folder, 'report.html');
  const xlsx = join(folder, 'report.xlsx');
  const options = { now: context.io.now(), signal: context.signal };
  await writeHtml(views, html, context.signal.aborted ? { now: options.now } : options);
  await writeXlsx(views, xlsx, context.signal.aborted ? { now: options.now } : options);
  return [html, xlsx];
}

/** The rows of runs as a table for the terminal, or as they are. */
export async function renderRows(views: RunView[], format: 'text'): Promise<string>;
export async function renderRows(views: RunView[], format: 'json'): Promise<ReturnType<typeof reportRows>>;
export async function renderRows(views: RunView[], format: 'text' | 'json') {
  const rows = reportRows(views);
  if (format === 'json') return rows;
  const style = styles(process.stdout);
  return renderTable(rows, { width: process.stdout.columns || 120, color: style.color, unicode: style.unicode });
}
