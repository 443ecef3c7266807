import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import ExcelJS from 'exceljs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { buildReport } from './report.ts';
import { mixedRun } from './testing/synthetic-run.ts';
import { writeXlsx } from './xlsx/write-xlsx.ts';

const libreoffice = part('libreoffice');

describe.skipIf(!libreoffice.present)('a workbook in LibreOffice', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'report-soffice-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('is worked out again: what tokens cost follows a price that is changed', { timeout: 180_000 }, async () => {
    const file = join(dir, 'report.xlsx');
    const report = buildReport({ runs: [mixedRun()] });
    await writeXlsx(report, file, { now: Date.UTC(2026, 4, 4), maxRequests: 20 });
    const workbook = new ExcelJS.Workbook();
    await workbook.xlsx.readFile(file);
    const prices = workbook.getWorksheet('Prices');
    if (!prices) throw new Error('there are prices');
    // From $3.55 a GPU to $2.
    expect(prices.getCell('D2').value).toBe(3.55);
    prices.getCell('D2').value = 2;
    // What was worked out before must not be what is read.
    for (const sheet of workbook.worksheets)
      sheet.eachRow((row) =>
        row.eachCell((cell) => {
          if (cell.formula) cell.value = { formula: cell.formula };
        }),
      );
    await workbook.xlsx.writeFile(join(dir, 'changed.xlsx'));

    const profile = pathToFileURL(join(dir, 'profile')).href;
    const asked = ['--headless', '--convert-to', 'csv', '--outdir', dir, join(dir, 'changed.xlsx')];
    await promisify(execFile)(libreoffice.path as string, [`-env:UserInstallation=${profile}`, ...asked], {
      env: { ...process.env, HOME: dir },
    });
    const [head = '', first = ''] = (await readFile(join(dir, 'changed.csv'), 'utf8')).split('\n');
    const cells = Object.fromEntries(head.split(',').map((name, i) => [name, first.split(',')[i]]));
    expect(Number(cells['GPU Price ($/hour)'])).toBe(16);
    const throughput = report.rows[0]?.scalars.total_token_throughput ?? 0;
    expect(Number(cells['Token Price ($/mtok)'])).toBeCloseTo((16 / (throughput * 3600)) * 1e6, 3);
  });
});
