import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ExcelJS from 'exceljs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compareReports } from './compare/compare-reports.ts';
import { comparisonMarkdown } from './compare/render-markdown.ts';
import { renderCsv } from './csv/render-csv.ts';
import { writeHtml } from './html/write-html.ts';
import { reportJson } from './json/report-json.ts';
import { renderMarkdown } from './markdown/render-markdown.ts';
import { buildReport } from './report.ts';
import { syntheticRun } from './testing/synthetic-run.ts';
import { writeXlsx } from './xlsx/write-xlsx.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-secrets-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const SECRET = 'planted';
const recipe = (i: number, seqs: number) =>
  `engine: {llm: {vllm: {max_num_seqs: ${seqs}, extra_env: {HF_TOKEN: ${SECRET}-a${i}, LICENSE_KEY: ${SECRET}-b${i}}}}}\nextra: "--api-key ${SECRET}-c${i}"\n`;
const report = (i: number) => {
  const engine = {
    name: 'vllm',
    model: 'org/model',
    version: '0.1.0',
    command: ['vllm', 'serve', '--api-key', `${SECRET}-d`, `--hf-token=${SECRET}-e`, '--port', '8000'],
  };
  const failed = { message: `GET https://user:${SECRET}-f@host/x: token=${SECRET}-g`, code: 'BENCH_X' };
  const run = syntheticRun({
    id: `r${i}`,
    tasks: [
      {
        engine,
        recipeText: recipe(i, i),
        points: [{ concurrency: 1 }, { concurrency: 2, error: `AWS_SECRET_ACCESS_KEY=${SECRET}-h` }],
      },
      { variant: 'other', engine, recipeText: recipe(i + 2, i + 2), points: [], error: `GITHUB_TOKEN=${SECRET}-i` },
    ],
    problems: [{ path: 'x', message: `"password": "${SECRET} j"` }],
  });
  const [first] = run.tasks;
  if (first?.deployment) first.deployment.error = failed;
  return buildReport({ runs: [{ ...run, dir: `/runs/${i}` }] });
};

it('a report of any form has no secret of a recipe, a command or an error', async () => {
  const [base, candidate] = [report(1), report(2)];
  const now = Date.UTC(2026, 4, 4);
  await writeHtml(base, join(dir, 'r.html'), { now });
  await writeXlsx(base, join(dir, 'r.xlsx'), { now });
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(join(dir, 'r.xlsx'));
  const sheets = workbook.worksheets.map((sheet) => sheet.getSheetValues());
  const comparison = compareReports(base, candidate);
  const forms = {
    html: await readFile(join(dir, 'r.html'), 'utf8'),
    xlsx: JSON.stringify(sheets),
    csv: renderCsv(base),
    markdown: renderMarkdown(base),
    json: JSON.stringify(reportJson(base)),
    compareMarkdown: comparisonMarkdown(comparison),
    compareJson: JSON.stringify(comparison),
  };
  for (const [form, text] of Object.entries(forms)) expect(text.includes(SECRET), form).toBe(false);
  expect(forms.html).toContain('--api-key *** --hf-token=*** --port 8000');
  expect(forms.html).toContain('max_num_seqs');
  expect(forms.compareMarkdown).toContain('max_num_seqs');
  expect(forms.csv).toContain('AWS_SECRET_ACCESS_KEY=***');
});
