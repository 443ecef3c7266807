import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { buildReport, writeCharts, writeXlsx } from '../index.ts';
import { demoRun } from '../testing/synthetic-run.ts';

vi.mock('@resvg/resvg-js', () => {
  throw new Error('no native build for this platform');
});

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-no-pictures-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('a machine that cannot draw has its workbook all the same, without the sheet of charts', async () => {
  const file = join(dir, 'report.xlsx');
  await writeXlsx(buildReport({ runs: [demoRun()] }), file, { now: 0 });
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  const names = workbook.worksheets.map(({ name }) => name);
  expect(names).toContain('Points');
  expect(names).not.toContain('Charts');
});

it('and is told so when it is asked for PNG, while SVG needs nothing', async () => {
  const report = buildReport({ runs: [demoRun()] });
  await expect(writeCharts(report, dir, { now: 0, formats: ['png'] })).rejects.toMatchObject({ code: 'BENCH_NO_PICTURES' });
  expect(await writeCharts(report, dir, { now: 0, formats: ['svg'] })).not.toHaveLength(0);
});
