import { join } from 'node:path';
import { BenchError } from '@bench/core';
import { renderAdvice, renderTable, type Report, type TableOptions, writeHtml, writeXlsx } from '@bench/report';
import type { CliContext } from './context.ts';
import { printError } from './errors.ts';
import { styles } from './ui/style.ts';
import { unwritten } from './unwritten.ts';

/** Writes `report.html` and `report.xlsx`; the answer is their paths. */
export async function writeReports(report: Report, folder: string, context: CliContext): Promise<string[]> {
  const files: string[] = [];
  for (const write of reportFiles(report, folder, context)) files.push(await write());
  return files;
}

/**
 * The same at the end of a run, of which there is more to tell than its reports: of a machine that is left. What cannot be written is warned of, and has
 * `failed`. A report that Ctrl-C cut short has not: it can be written again.
 */
export async function writeRunReports(report: Report, folder: string, context: CliContext): Promise<{ files: string[]; failed: boolean }> {
  const files: string[] = [];
  let failed = false;
  for (const write of reportFiles(report, folder, context)) {
    try {
      files.push(await write());
    } catch (error) {
      if (context.signal.aborted && !BenchError.is(error)) break;
      printError(error, process.stderr, 'warning');
      failed = true;
    }
  }
  return { files, failed };
}

/** A run that was stopped before has its reports all the same. */
function reportFiles(report: Report, folder: string, { io, signal }: CliContext): (() => Promise<string>)[] {
  const options = { now: io.now(), ...(signal.aborted ? {} : { signal }) };
  return [['report.html', writeHtml] as const, ['report.xlsx', writeXlsx] as const].map(([name, write]) => async () => {
    const file = join(folder, name);
    await write(report, file, options).catch((error: unknown) => {
      throw unwritten(file, error);
    });
    return file;
  });
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
