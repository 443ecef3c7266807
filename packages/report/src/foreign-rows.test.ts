import type { ForeignMeasurement } from '@bench/results';
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from './markdown/render-markdown.ts';
import { pointsSheet } from './xlsx/points-sheet.ts';
import { pricesSheet } from './xlsx/prices-sheet.ts';
import { summarySheet } from './xlsx/summary-sheet.ts';
import { buildReport, parsePrice, renderTable, type ReportRow } from './index.ts';
import { costCell } from './xlsx/cost-formulas.ts';

const measurement = (
  path: string,
  result: Partial<ForeignMeasurement['result']>,
  more: Partial<ForeignMeasurement> = {},
): ForeignMeasurement => ({
  source: { kind: 'vllm', path },
  recipe: 'model',
  variant: 'default',
  params: {},
  gpu: { name: 'H100', count: 8 },
  engine: null,
  model: 'org/model',
  system: null,
  recipeText: null,
  data: null,
  ...more,
  result: {
    tool: 'vllm',
    format: 'json',
    kind: 'serve',
    scalars: { output_throughput: 812.345 },
    distributions: { ttft_ms: { mean: 12.5, p99: 80.25 } },
    counts: {},
    native: {},
    missing: ['tpot_ms', 'failed'],
    problems: [],
    ...result,
  },
});

describe('a row of another tool’s measurement', () => {
  it('has the figures as they were written, where they were read, and what that does not say', () => {
    const { rows } = buildReport({ foreign: [measurement('a.json', { date: '20260309-053743', maxConcurrency: 8, counts: { ok: 40 } })] });
    expect(rows[0]).toMatchObject({
      source: { kind: 'vllm', path: 'a.json' },
      scalars: { output_throughput: 812.345 },
      distributions: { ttft_ms: { mean: 12.5, p99: 80.25 } },
      lacks: ['tpot_ms', 'failed'],
      measuredAt: '2026-03-09T05:37:43',
      machine: '8xH100',
      loadText: '8 concurrent',
      load: null,
    });
  });

  it('costs what its counts and duration say, where its throughputs are rounded; those stay as they were written', () => {
    const prices = { whatIf: [parsePrice('8xh100=20', { today: '2026-11-23' })], known: [], rates: {} };
    const row = (request_throughput: number) =>
      buildReport(
        {
          foreign: [
            measurement('a.txt', {
              counts: { ok: 40 },
              durationS: 768.96,
              scalars: {
                request_throughput,
                output_throughput: 1.3,
                total_token_throughput: 3.9,
                total_input_tokens: 2000,
                total_output_tokens: 1000,
              },
            }),
          ],
        },
        { prices },
      ).rows[0] as ReportRow;
    const rounded = row(0.05);
    expect(rounded.scalars).toMatchObject({ request_throughput: 0.05, output_throughput: 1.3, total_token_throughput: 3.9 });
    // 20 * 768.96 / 3600 dollars for 40 requests, 1000, 2000 and 3000 tokens
    expect(rounded.scalars.cost_per_1000_requests).toBeCloseTo(106.8, 9);
    expect(rounded.scalars.cost_per_mtok_output).toBeCloseTo(4272, 6);
    expect(rounded.scalars.cost_per_mtok_input).toBeCloseTo(2136, 6);
    expect(rounded.scalars.cost_per_mtok_total).toBeCloseTo(1424, 6);
    // In a workbook too, where it follows the price.
    const cell = costCell(rounded, 'cost_per_1000_requests', { price: 'Prices!$E$2', throughput: () => 'H2' });
    expect(cell).toEqual({
      formula: `IF(ISNUMBER(Prices!$E$2),Prices!$E$2/(${40 / 768.96}*3600)*1000,"")`,
      result: rounded.scalars.cost_per_1000_requests,
    });
    // Counted in another way than its counts: what is stated counts.
    expect(row(0.07).scalars.cost_per_1000_requests).toBeCloseTo(20_000 / (0.07 * 3600), 9);
  });

  it('shows no count that its source does not have', () => {
    const table = (result: Partial<ForeignMeasurement['result']>) => {
      const { rows } = buildReport({ foreign: [measurement('a.json', result)] });
      return renderTable(rows, { width: 120, color: false, unicode: false });
    };
    expect(table({ counts: { ok: 40 } })).toMatch(/requests[^]* ok /);
    expect(table({ counts: { ok: 40 } })).not.toContain('failed');
    expect(table({})).not.toContain('requests');
    expect(table({})).toContain('812');
    expect(table({ counts: { ok: 40, failed: 0 }, missing: [] })).toContain('failed');
  });

  it('is a point of a task with the others of its file, and its task is named by its recipe', () => {
    const { rows } = buildReport({
      foreign: [
        measurement('x/c.json', { maxConcurrency: 1 }),
        measurement('x/c.json', { maxConcurrency: 4 }),
        measurement('y/c.json', { requestRate: 'inf' }, { recipe: 'other' }),
      ],
    });
    expect(rows.map(({ taskKey, point, loadText }) => [taskKey, point, loadText])).toEqual([
      ['vllm:x/c.json', 0, '1 concurrent'],
      ['vllm:x/c.json', 1, '4 concurrent'],
      ['vllm:y/c.json', 0, 'all at once'],
    ]);
    const table = renderTable(rows, { width: 120, color: false, unicode: false });
    expect(table).toContain('model / default');
    expect(table).toContain('other / default');
    expect(table).not.toContain('c.json');
  });

  it('keeps the end of a name that is too long for a terminal, by which it differs from the others', () => {
    const long = { recipe: 'Qwen3-Coder-480B-A35B-Instruct-AWQ' };
    const { rows } = buildReport({
      foreign: [
        ...['h100x8', 'pro6000x8'].map((variant) => measurement(`${variant}.json`, { maxConcurrency: 64 }, { ...long, variant })),
        measurement('other.json', {}, { recipe: 'other' }),
      ],
    });
    const table = renderTable(rows, { width: 60, color: false, unicode: true });
    expect(table).toMatch(/^Qwen3-Coder-.*….*\/ h100x8 /m);
    expect(table).toMatch(/^Qwen3-Coder-.*….*\/ pro6000x8 /m);
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('is told from one of equal recipe and variant by as much of its path as it takes', () => {
    const { rows } = buildReport({ foreign: [measurement('/data/old/a/c.json', {}), measurement('/data/new/a/c.json', {})] });
    const table = renderTable(rows, { width: 120, color: false, unicode: false });
    expect(table).toContain('old/a/c.json: model');
    expect(table).toContain('new/a/c.json: model');
    expect(table).not.toContain('/data');
  });

  it('is told from others by its engine, machine and prompts, at any width', async () => {
    const of = (name: string, data: string, gpu = 'H100'): ForeignMeasurement =>
      measurement(
        `${name}.json`,
        { counts: { ok: 40 }, durationS: 10 },
        {
          recipe: 'Qwen3-Coder-480B-A35B-Instruct-AWQ',
          variant: `tp8-with-a-long-name-${name}-and-an-equal-end`,
          engine: { name, version: '1.0' },
          data,
          gpu: { name: gpu, count: 8 },
        },
      );
    const report = buildReport({ foreign: [of('sglang', 'random prompts, 10 in'), of('vllm', 'random prompts, 8,000 in', 'H200')] });
    const table = (width: number) => renderTable(report.rows, { width, color: false, unicode: true });
    expect(table(120)).toMatch(/^task +machine +engine +prompts +load/m);
    expect(table(120)).toMatch(/ 8xH100 +sglang +P1 .* 40 /);
    expect(table(120)).toMatch(/ 8xH200 +vllm +P2 .* 40 /);
    expect(table(80)).toMatch(/ sglang +P1 /);
    expect(table(60)).toMatch(/^P1 random prompts, 10 in\nP2 random prompts, 8,000 in$/m);
    for (const width of [60, 80, 120]) for (const line of table(width).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('| machine | engine | prompts | load |');
    expect(markdown).toContain('| random prompts, 8,000 in |');
    const summary = summarySheet(report.rows, pricesSheet(report.rows));
    expect(summary.columns.map(({ header }) => header)).toContain('Prompts');
    expect(summary.columns.map(({ header }) => header)).not.toContain('Run');
    expect(pointsSheet(report.rows, pricesSheet(report.rows)).columns.map(({ header }) => header)).toContain('Prompts');
  });

  it('has a date only where one can be read', () => {
    const at = (date: string) => buildReport({ foreign: [measurement('a', { date })] }).rows[0]?.measuredAt;
    expect(at('2026-07-03T05:22:20.808822')).toBe('2026-07-03T05:22:20.808822');
    expect(at('20261399-999999')).toBeNull();
    expect(at('yesterday')).toBeNull();
  });
});
