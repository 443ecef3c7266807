import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildReport, type Report } from '../report.ts';
import { reportRows } from '../rows.ts';
import { demoRun, hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { writeXlsx, type XlsxOptions } from './write-xlsx.ts';
import type { ForeignMeasurement, RunView } from '@bench/results';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-xlsx-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 4, 4, 13, 30);

const written = (runs: RunView[], options: Partial<XlsxOptions> = {}) => writtenOf(buildReport({ runs }), options);

async function writtenOf(report: Report, options: Partial<XlsxOptions> = {}): Promise<ExcelJS.Workbook> {
  const file = join(dir, 'report.xlsx');
  await writeXlsx(report, file, { now: NOW, maxRequests: 20, ...options });
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

/** Formulas have nothing of data in them but the places of cells. */
const OUR_FORMULA =
  /^(Prices!\$E\$\d+|IF\(ISNUMBER\(((D\d+)\),C\d+\*D\d+|(Prices!\$E\$\d+)\),\4\/\(([A-Z]+\d+|\([A-Z]+\d+-[A-Z]+\d+\))\*3600\)\*(1000|1000000)),""\))$/;

/** What a reader shows of a cell without working it out. */
const shown = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && 'formula' in value ? (value as { result?: unknown }).result : value;

/** A run of one point; `then` is done when a workbook has come to its requests, and `file` is where that is to be. */
function whileWritten(then: () => Promise<unknown>): { run: RunView; file: string } {
  const run = syntheticRun({ tasks: [{ points: [{ concurrency: 1, requests: 3 }] }] });
  const [point] = run.tasks[0]?.points ?? [];
  if (!point) throw new Error('no point');
  const { requests } = point;
  point.requests = async () => {
    await then();
    return requests();
  };
  return { run, file: join(dir, 'report.xlsx') };
}

describe('writeXlsx', () => {
  it('has its sheets, each with a frozen, filtered header', async () => {
    const workbook = await written([demoRun()]);
    const names = ['Summary', 'Charts', 'Prices', 'Points', 'Phases', 'Requests', 'Environment', 'Definitions'];
    expect(workbook.worksheets.map((s) => s.name)).toEqual(names);
    for (const worksheet of workbook.worksheets.filter(({ name }) => name !== 'Charts')) {
      expect(worksheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
      expect(worksheet.autoFilter).toBeTruthy();
      expect(worksheet.getRow(1).getCell(1).font.bold).toBe(true);
    }
  });

  it('leaves sheets without rows out, but for the summary', async () => {
    const names = async (report: Report) => (await writtenOf(report)).worksheets.map(({ name }) => name);
    const of = (gpu: ForeignMeasurement['gpu']) =>
      buildReport({
        foreign: [
          {
            source: { kind: 'vllm', path: 'a.json' },
            recipe: 'model',
            variant: 'default',
            params: {},
            gpu,
            engine: null,
            model: 'org/model',
            system: null,
            recipeText: null,
            data: null,
            result: {
              tool: 'vllm',
              format: 'json',
              kind: 'serve',
              scalars: { output_throughput: 812 },
              distributions: {},
              counts: {},
              native: {},
              missing: [],
              problems: [],
            },
          },
        ],
      });
    expect(await names(of({ name: null, count: 0 }))).toEqual(['Summary', 'Points', 'Definitions']);
    expect(await names(of({ name: 'H100', count: 8 }))).toEqual(['Summary', 'Prices', 'Points', 'Definitions']);
    expect(await names(buildReport({}))).toEqual(['Summary']);
    const unmeasured = await names(buildReport({ runs: [syntheticRun({ tasks: [{ points: [] }] })] }));
    expect(unmeasured).not.toContain('Requests');
    expect(unmeasured).toEqual(expect.arrayContaining(['Summary', 'Environment']));
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
    expect(shown(column(priced, 'GPU Price ($/hour)')[0])).toBe(28.4);
    expect(column(priced, 'Throughput (tok/s)')[0]).toBeCloseTo(row?.scalars.total_token_throughput ?? 0, 6);
    const expected = (28.4 / ((row?.scalars.total_token_throughput ?? 0) * 3600)) * 1e6;
    expect(shown(column(priced, 'Token Price ($/mtok)')[0])).toBeCloseTo(expected, 9);
    const unpriced = sheet(await written([demoRun()]), 'Summary');
    expect(column(unpriced, 'GPU Price ($/hour)').map((value) => shown(value) || null)).toEqual([null, null, null, null, null]);
    expect(column(unpriced, 'Token Price ($/mtok)').map((value) => shown(value) || null)).toEqual([null, null, null, null, null]);
  });

  it('has a line a machine and price, by the GPU, that costs follow', async () => {
    const workbook = await written([mixedRun(), demoRun()]);
    const prices = sheet(workbook, 'Prices');
    expect(column(prices, 'Machine').slice(0, 3)).toEqual(['8xH200', '4xH200', 'AMD EPYC 7B13, 8 threads']);
    expect(column(prices, 'Priced by').slice(0, 3)).toEqual(['GPU', 'GPU', 'machine']);
    expect(column(prices, 'Price of one ($/hour)').slice(0, 3)).toEqual([28.4 / 8, 28.4 / 4, null]);
    expect(column(prices, 'Machine price ($/hour)')[0]).toMatchObject({ formula: 'IF(ISNUMBER(D2),C2*D2,"")', result: 28.4 });
    expect(column(prices, 'Source')[0]).toContain('list price, 2026-05-01');
    const summary = sheet(workbook, 'Summary');
    expect(new Set(column(summary, 'Run')).size).toBe(2);
    const columnOf = (header: string) => summary.getColumn((summary.getRow(1).values as unknown[]).indexOf(header)).letter;
    expect(column(summary, 'Token Price ($/mtok)')[1]).toMatchObject({
      formula: `IF(ISNUMBER(Prices!$E$2),Prices!$E$2/(${columnOf('Throughput (tok/s)')}3*3600)*1000000,"")`,
    });
    const points = sheet(workbook, 'Points');
    const costs = (points.getRow(1).values as string[]).filter((header) => header?.startsWith('Cost'));
    expect(costs.length).toBeGreaterThan(3);
    for (const header of costs)
      expect(column(points, header)[0]).toMatchObject({ formula: expect.stringContaining('Prices!$E$2'), result: expect.any(Number) });
  });

  it('has the phases of deployments, and charts as pictures', async () => {
    const workbook = await written([mixedRun()]);
    const phases = sheet(workbook, 'Phases');
    expect(column(phases, 'What')[0]).toBe('d1: vllm 0.11.0, qwen3-coder / vllm-tp8');
    expect(column(phases, 'Phase').slice(0, 3)).toEqual(['prepare', 'start', 'model load']);
    expect(column(phases, 'Duration (s)')[2]).toBe(2.65);
    expect(column(phases, 'Part of')[6]).toBe('model load');
    const charts = sheet(workbook, 'Charts');
    const images = charts.getImages();
    expect(images.length).toBeGreaterThanOrEqual(2);
    expect(images[1]?.range.tl.nativeRow).toBeGreaterThan(15);
    const image = workbook.getImage(Number(images[0]?.imageId));
    expect(
      Buffer.from(image.buffer as ArrayBuffer)
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('has the steady state beside the whole run', async () => {
    const run = demoRun();
    for (const { result } of run.tasks[0]?.points ?? []) {
      if (!result) throw new Error('there is a result');
      const { scalars, distributions } = result;
      result.steady = { fromMs: 200, toMs: 900, counts: { sent: 7, ok: 7, failed: 0, cancelled: 0 }, scalars, distributions };
    }
    const points = sheet(await written([run]), 'Points');
    expect(column(points, 'Steady: from (ms)')[0]).toBe(200);
    expect(column(points, 'Steady: TTFT p99 (ms)')).toEqual(column(points, 'TTFT p99 (ms)'));
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
    const all = sheet(await written([demoRun()], { maxRequests: 100_000 }), 'Requests');
    expect(all.rowCount).toBe(1 + 32 + 64 + 128 + 256 + 256);
    const sampled = sheet(await written([demoRun()], { maxRequests: 100 }), 'Requests');
    expect(sampled.rowCount).toBeLessThanOrEqual(102);
    expect(sampled.rowCount).toBeGreaterThan(50);
    expect(sampled.getRow(sampled.rowCount).getCell(1).value).toMatch(/every 8th of 736 requests/);
  });

  it('says below the requests what of them is lost', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 1, requests: 3 }, { concurrency: 2 }] }] });
    const [cut, gone] = run.tasks[0]?.points ?? [];
    if (!cut || !gone) throw new Error('no points');
    const whole = await cut.requests();
    cut.requests = (tell) => {
      tell?.('requests.jsonl.gz is cut: 3 requests are left of it');
      return Promise.resolve(whole);
    };
    gone.requests = () => Promise.reject(new Error('no such file'));
    const requests = sheet(await written([run], { maxRequests: 1000 }), 'Requests');
    const { recipe, variant } = run.tasks[0]?.file ?? {};
    expect(requests.rowCount).toBe(1 + whole.length + 2);
    expect(requests.getRow(2 + whole.length).getCell(1).value).toBe(
      `Left out: ${recipe}/${variant}/${cut.entry.path}: requests.jsonl.gz is cut: 3 requests are left of it`,
    );
    expect(requests.getRow(3 + whole.length).getCell(1).value).toContain('requests could not be read: no such file');
  });

  it('stores what looks like a formula as text', async () => {
    const workbook = await written([hostileRun()]);
    let texts = 0;
    for (const worksheet of workbook.worksheets) {
      worksheet.eachRow((row) =>
        row.eachCell((cell) => {
          if (cell.type === ExcelJS.ValueType.Formula) expect(cell.formula).toMatch(OUR_FORMULA);
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
    expect(workbook.getWorksheet('Points')).toBeUndefined();
    expect(column(sheet(workbook, 'Environment'), 'Fact')).toContain('Status');
  });

  it('replaces what a link leads to, not the link', async () => {
    await writeFile(join(dir, 'real.xlsx'), 'old');
    await symlink('real.xlsx', join(dir, 'link.xlsx'));
    await writeXlsx(buildReport({ runs: [demoRun()] }), join(dir, 'link.xlsx'), { now: NOW });
    expect(await readlink(join(dir, 'link.xlsx'))).toBe('real.xlsx');
    expect((await readFile(join(dir, 'real.xlsx'))).subarray(0, 2).toString()).toBe('PK');
    expect((await readdir(dir)).sort()).toEqual(['link.xlsx', 'real.xlsx']);
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

  it('leaves nothing behind when it is aborted amid the requests of a point, or the process exits there', async () => {
    const stop = new AbortController();
    const others = process.listeners('exit');
    const seen: string[][] = [];
    const { run, file } = whileWritten(async () => {
      seen.push(await readdir(dir));
      for (const exit of process.listeners('exit')) if (!others.includes(exit)) exit.call(process, 0);
      seen.push(await readdir(dir));
      stop.abort(new Error('stop'));
    });
    await expect(writeXlsx(buildReport({ runs: [run] }), file, { now: NOW, signal: stop.signal })).rejects.toThrow('stop');
    expect([...seen, await readdir(dir)]).toEqual([[expect.stringMatching(/^\.report\.xlsx\..*\.tmp$/)], [], []]);
  });

  it('fails where it cannot write', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(writeXlsx(buildReport({ runs: [demoRun()] }), join(dir, 'file', 'report.xlsx'), { now: NOW })).rejects.toThrow(
      /ENOTDIR|EEXIST/,
    );
    const { run, file } = whileWritten(() => mkdir(join(dir, 'report.xlsx', 'inside'), { recursive: true }));
    await expect(writeXlsx(buildReport({ runs: [run] }), file, { now: NOW })).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect((await readdir(dir)).sort()).toEqual(['file', 'report.xlsx']);
  });
});
