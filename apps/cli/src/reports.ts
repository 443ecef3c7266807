import { join } from 'node:path';
import { renderAdvice, renderTable, type Report, type TableOptions, writeHtml, writeXlsx } from '@bench/report';
import type { CliContext } from './context.ts';
import { styles } from './ui/style.ts';
import { unwritten } from './unwritten.ts';

/** Writes `report.html` and `report.xlsx`; the answer is their paths. */
export async function writeReports(report: Report, folder: string, context: CliContext): Promise<string[]> {
  const html = join(folder, 'report.html');
  const xlsx = join(folder, 'report.xlsx');
  const options = { now: context.io.now(), signal: context.signal };
  for (const [file, write] of [[html, writeHtml] as const, [xlsx, writeXlsx] as const])
    await write(report, file, context.signal.aborted ? { now: options.now } : options).catch((error: unknown) => {
      throw unwritten(file, error);
    });
  return [html, xlsx];
}

/** The rows of a report as a table for the terminal. */
export function reportTable({ rows }: Report): string {
  return renderTable(rows, terminal());
}

/** What the figures of a report say, for below its table: nothing, or a text between empty lines. */
export function reportAdvice({ rows }: Report): string[] {
  const text = renderAdvice(rows, terminal());
  return text === '' ? [] : ['', text, ''];
}

function terminal(): TableOptions {
  const { color, unicode } = styles(process.stdout);
  return { width: process.stdout.columns || 120, color, unicode };
}
