import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf, plainTarget, syncFolder, withTemporary } from '@bench/core';
import type { RunView } from '@bench/results';
import type { Worksheet } from 'exceljs';
import type { WriteOptions } from '../html/write-html.ts';
import type { Report } from '../report.ts';
import { plural } from '../format.ts';
import { addRow, MAX_ROWS, setUpSheet, type CellValue, type SheetColumn } from './cells.ts';
import { chartPictures } from './charts-sheet.ts';
import { phasesSheet } from './phases-sheet.ts';
import { addPictures } from './pictures.ts';
import { pointsSheet } from './points-sheet.ts';
import { pricesSheet } from './prices-sheet.ts';
import { REQUEST_COLUMNS, requestCells } from './requests-sheet.ts';
import { definitionsSheet, environmentSheet, type SheetPlan } from './sheets.ts';
import { summarySheet } from './summary-sheet.ts';

/** Files of requests that are named for what is lost of them. */
const MAX_LOST = 100;

/** Rows of the Requests sheet below its header, with room for the lines that say what was left out. */
const MAX_REQUESTS = MAX_ROWS - 3 - MAX_LOST;

/** Rows of requests between two looks at whether they are still wanted: a signal of the system comes only when there is a pause. */
const ROWS_A_TURN = 2000;

export interface XlsxOptions extends WriteOptions {
  /** Requests in the workbook at most; past it every n-th is taken. Default: what a sheet holds. */
  maxRequests?: number;
}

/**
 * Writes a workbook: Summary, Charts, Prices, Points, Phases, Requests, Environment, Definitions; of these all but Summary only when they have rows. Costs are formulas on the prices.
 * It is streamed to a temporary file beside `file` and renamed: only one point’s requests are in memory at a time, and a reader never sees half a file.
 * @throws BenchError `BENCH_NOT_A_FILE`, the file system's error, or the signal's reason when aborted.
 */
export async function writeXlsx(report: Report, file: string, options: XlsxOptions): Promise<void> {
  const target = await plainTarget(file);
  await mkdir(dirname(target), { recursive: true });
  await withTemporary(target, async (temporary) => {
    await writeWorkbook(report, temporary, options);
    options.signal?.throwIfAborted();
    await rename(temporary, target);
  });
  await syncFolder(dirname(target));
}

async function writeWorkbook(report: Report, temporary: string, options: XlsxOptions): Promise<void> {
  const { default: ExcelJS } = await import('exceljs');
  const { runs, rows } = report;
  const output = createWriteStream(temporary);
  // It may fail long before the end is waited for.
  const failed = new Promise<never>((_, reject) => output.on('error', reject));
  failed.catch(() => undefined);
  try {
    await once(output, 'open');
    const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({ stream: output, useStyles: true, useSharedStrings: false });
    workbook.creator = 'bench';
    workbook.created = new Date(options.now);
    const addSheet = (name: string, columns: readonly SheetColumn[], frozenColumns = 0) => {
      const sheet = workbook.addWorksheet(name, {
        views: [{ state: 'frozen', ySplit: 1, xSplit: frozenColumns }],
        pageSetup: { orientation: 'landscape', fitToPage: true, fitToWidth: 1, fitToHeight: 0, printTitlesRow: '1:1' },
      });
      setUpSheet(sheet, columns);
      return sheet;
    };
    const addPlan = (plan: SheetPlan, frozenColumns = 0) => {
      const sheet = addSheet(plan.name, plan.columns, frozenColumns);
      for (const cells of plan.rows.slice(0, MAX_ROWS - 3)) addRow(sheet, cells, plan.columns);
      if (plan.note) for (const line of ['', plan.note]) addRow(sheet, [line]);
      sheet.commit();
    };
    const addFilled = (plan: SheetPlan, frozenColumns = 0) => {
      if (plan.rows.length > 0) addPlan(plan, frozenColumns);
    };
    const prices = pricesSheet(rows);
    // Without rows too: a workbook has to have a sheet.
    addPlan(summarySheet(rows, prices));
    const pictures = await chartPictures(report);
    if (pictures.length > 0) {
      const sheet = workbook.addWorksheet('Charts', { views: [{ showGridLines: false }] });
      addPictures(workbook, sheet, pictures);
      // Two on a page of paper.
      for (const { line } of pictures.filter((_, i) => i > 0 && i % 2 === 0)) sheet.getRow(line).addPageBreak();
      sheet.commit();
    }
    options.signal?.throwIfAborted();
    addFilled(prices.sheet);
    addFilled(pointsSheet(rows, prices), 4);
    addFilled(phasesSheet(runs));

    let requests: Worksheet | undefined;
    const addRequest = (cells: readonly CellValue[]) => addRow((requests ??= addSheet('Requests', REQUEST_COLUMNS)), cells);
    const limit = Math.min(options.maxRequests ?? MAX_REQUESTS, MAX_REQUESTS);
    const total = requestCount(runs);
    const stride = Math.max(1, Math.ceil(total / limit));
    let seen = 0;
    let written = 0;
    const lost: string[] = [];
    for await (const cells of requestRows(runs, { lost, signal: options.signal })) {
      if (seen++ % stride !== 0 || written >= limit) continue;
      addRequest(cells);
      written++;
    }
    if (written < seen)
      addRequest([
        `Sampled: every ${stride}th of ${plural(seen, 'request')} is listed; a sheet holds no more. All of them are in the run directory.`,
      ]);
    for (const line of lost.slice(0, MAX_LOST)) addRequest([line]);
    if (lost.length > MAX_LOST) addRequest([`Left out: ${lost.length - MAX_LOST} more`]);
    requests?.commit();

    addFilled(environmentSheet(report, options.now));
    addFilled(definitionsSheet(rows));
    options.signal?.throwIfAborted();
    await Promise.race([workbook.commit(), failed]);
    const handle = await open(temporary, 'r+');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    await closed(output);
    throw error;
  }
}

/** Gives a file up. Until it is closed it may still be about to be opened, and would come back. */
async function closed(output: WriteStream): Promise<void> {
  if (output.closed) return;
  // Whoever still writes to it makes errors, which are not waited for.
  const over = new Promise<void>((done) => output.once('close', () => done()));
  output.destroy();
  await over;
}

/** An upper estimate from the counts, so that the sampling step is known before the first line is read. */
function requestCount(runs: readonly RunView[]): number {
  let total = 0;
  for (const run of runs) {
    for (const task of run.tasks)
      for (const point of task.points) total += (point.result?.counts.sent ?? 0) + (point.result?.counts.warmup ?? 0);
  }
  return total;
}

/** @param lost what could not be read is added to it, in words */
async function* requestRows(runs: readonly RunView[], { lost, signal }: { lost: string[]; signal: AbortSignal | undefined }) {
  for (const { run, tasks } of runs) {
    for (const task of tasks) {
      for (const point of task.points) {
        signal?.throwIfAborted();
        const where = {
          run: run.id,
          recipe: task.file.recipe,
          variant: task.file.variant,
          point: point.entry.point,
          repeat: point.entry.repeat,
        };
        const tell = (message: string) => lost.push(`Left out: ${where.recipe}/${where.variant}/${point.entry.path}: ${message}`);
        // The workbook carries the rest. A point that failed may have none.
        const records = await point.requests(tell).catch((error: unknown) => {
          if (point.result) tell(`requests could not be read: ${messageOf(error)}`);
          return [];
        });
        for (const [i, record] of records.entries()) {
          if (i % ROWS_A_TURN === 0) {
            await nextTurn();
            signal?.throwIfAborted();
          }
          yield requestCells(where, record);
        }
      }
    }
  }
}
