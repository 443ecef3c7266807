import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { reportRows } from '../rows.ts';
import { demoRun, hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { writeXlsx, type XlsxOptions } from './write-xlsx.ts';
import type { RunView } from '@bench/results';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-xlsx-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 4, 4, 13, 30);

async function written(runs: RunView[], options: Partial<XlsxOptions> = {}): Promise<ExcelJS.Workbook> {
  const file = join(dir, 'report.xlsx');
  await writeXlsx(buildReport({ runs }), file, { now: NOW, ...options });
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  return workbook;
}

function sheet(workbook: ExcelJS.Workbook, name: string): ExcelJS.Worksheet {
  const found = workbook.getWorksheet(name);
  if (!found) throw new Error(`no sheet ${name}`);
  return found;
}

function column(worksheet: ExcelJS.Worksheet, header: string): unknown[] {
  const index = (worksheet.getRow(1).values as unknown[]).indexOf(header);
  if (index < 0) throw new Error(`no column ${header} in ${String(worksheet.getRow(1).values)}`);
  return Array.from({ length: worksheet.rowCount - 1 }, (_, i) => worksheet.getRow(i + 2).getCell(index).value);
}

describe('writeXlsx', () => {
  it('has the five sheets, each with a frozen, filtered header', async () => {
    const workbook = await written([demoRun()]);
    expect(workbook.worksheets.map((s) => s.name)).toEqual(['Summary', 'Points', 'Requests', 'Environment', 'Definitions']);
    for (const worksheet of workbook.worksheets) {
      expect(worksheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
      expect(worksheet.autoFilter).toBeTruthy();
      expect(worksheet.getRow(1).getCell(1).font.bold).toBe(true);
    }
  });

  it('has what recipes report themselves as columns with their units, and no empty ones of tokens', async () => {
    const workbook = await written([ownRun()]);
    const summary = sheet(workbook, 'Summary');
    expect(summary.getRow(1).values).toEqual([
      undefined,
      'Model',
      'Machine',
      'Engine',
      'Recipe',
      'Variant',
      ...['set_rps (req/s)', 'get_rps (req/s)', 'set_p99_ms (ms)', 'used_memory (MiB)'].map((header) => `redis-benchmark.${header}`),
      'throughput (GB/s)',
      'files',
      'Notes',
    ]);
    expect(column(summary, 'throughput (GB/s)')).toEqual([null, null, 2.31]);
    const points = sheet(workbook, 'Points');
    expect(column(points, 'Requests sent')).toEqual([null, 80, null, null]);
    expect(column(points, 'redis-benchmark.set_rps (req/s)')[0]).toBeCloseTo(91_706.25, 2);
    const definitions = sheet(workbook, 'Definitions');
    expect(column(definitions, 'Metric or note')).toContain('redis-benchmark.set_p99_ms');
    expect(column(definitions, 'Better')).toEqual(expect.arrayContaining(['lower', 'higher', null]));
  });

  it('gives the machine, its price and the price of tokens, and leaves them blank when the price is unknown', async () => {
    const priced = sheet(await written([mixedRun()]), 'Summary');
    const row = reportRows([mixedRun()])[0];
    expect(column(priced, 'Machine')[0]).toBe('8xH200');
    expect(column(priced, 'GPU Price ($/hour)')[0]).toBe(28.4);
    expect(column(priced, 'Throughput (tok/s)')[0]).toBeCloseTo(row?.scalars.total_token_throughput ?? 0, 6);
    const expected = (28.4 / ((row?.scalars.total_token_throughput ?? 0) * 3600)) * 1e6;
    expect(column(priced, 'Token Price ($/mtok)')[0]).toBeCloseTo(expected, 9);
    const unpriced = sheet(await written([demoRun()]), 'Summary');
    expect(column(unpriced, 'GPU Price ($/hour)')).toEqual([null, null, null, null, null]);
    expect(column(unpriced, 'Token Price ($/mtok)')).toEqual([null, null, null, null, null]);
  });

  it('keeps figures as numbers with a format, and lists tasks that failed or did not run', async () => {
    const points = sheet(await written([mixedRun()]), 'Points');
    expect(column(points, 'Status')).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'failed', 'not run']);
    expect(column(points, 'Error')[8]).toContain('CUDA out of memory');
    const p99 = column(points, 'TTFT p99 (ms)');
    expect(p99[0]).toBeTypeOf('number');
    expect(p99[9]).toBeNull();
    const index = (points.getRow(1).values as unknown[]).indexOf('TTFT p99 (ms)');
    expect(points.getRow(2).getCell(index).numFmt).toBe('#,##0.000');
  });

  it('lists every request, or every n-th and says so', async () => {
    const all = sheet(await written([demoRun()]), 'Requests');
    expect(all.rowCount).toBe(1 + 32 + 64 + 128 + 256 + 256);
    const sampled = sheet(await written([demoRun()], { maxRequests: 100 }), 'Requests');
    expect(sampled.rowCount).toBeLessThanOrEqual(102);
    expect(sampled.rowCount).toBeGreaterThan(50);
    expect(sampled.getRow(sampled.rowCount).getCell(1).value).toMatch(/every 8th of 736 requests/);
  });

  it('stores what looks like a formula as text', async () => {
    const workbook = await written([hostileRun()]);
    let texts = 0;
    for (const worksheet of workbook.worksheets) {
      worksheet.eachRow((row) =>
        row.eachCell((cell) => {
          expect(cell.type).not.toBe(ExcelJS.ValueType.Formula);
          expect(cell.type).not.toBe(ExcelJS.ValueType.Hyperlink);
          if (typeof cell.value === 'string' && /^[=+\-@]/.test(cell.value)) {
            texts++;
            expect(cell.numFmt).toBe('@');
          }
        }),
      );
    }
    expect(texts).toBeGreaterThan(4);
    expect(column(sheet(workbook, 'Points'), 'Variant')[0]).toBe('=1+1');
  });

  it('writes a workbook of a run without tasks', async () => {
    const workbook = await written([syntheticRun({ tasks: [] })]);
    expect(sheet(workbook, 'Points').rowCount).toBe(1);
    expect(column(sheet(workbook, 'Environment'), 'Fact')).toContain('Status');
  });

  it('leaves nothing behind when it is aborted', async () => {
    const file = join(dir, 'report.xlsx');
    await expect(
      writeXlsx(buildReport({ runs: [demoRun()] }), file, { now: NOW, signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop');
    // A file that was about to be opened would come back.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await readdir(dir)).toEqual([]);
  });

  it('fails where it cannot write', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(writeXlsx(buildReport({ runs: [demoRun()] }), join(dir, 'file', 'report.xlsx'), { now: NOW })).rejects.toThrow(
      /ENOTDIR|EEXIST/,
    );
    await mkdir(join(dir, `.report.xlsx.${NOW.toString(36)}.tmp`));
    await expect(writeXlsx(buildReport({ runs: [demoRun()] }), join(dir, 'report.xlsx'), { now: NOW })).rejects.toThrow('EISDIR');
  });
});
