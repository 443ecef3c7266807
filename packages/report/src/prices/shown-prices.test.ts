import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ForeignMeasurement } from '@bench/results';
import { expect, it } from 'vitest';
import { writeHtml } from '../html/write-html.ts';
import { buildReport } from '../report.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { costCell } from '../xlsx/cost-formulas.ts';
import { environmentSheet } from '../xlsx/sheets.ts';
import { parsePrice } from './parse-price.ts';

const prices = { whatIf: [parsePrice('h200=2', { today: '2026-11-23' })], known: [], rates: {} };
const machine = { priceUsdPerHour: 28.4, priceSource: 'list price' };

it('a machine is shown at the price that its rows have', async () => {
  const run = syntheticRun({ tasks: [{ gpu: { name: 'NVIDIA H200', count: 8 }, machine, points: [{ concurrency: 1 }] }] });
  const said = '8 × $2.00 by --price h200=2, 2026-11-23';
  const report = buildReport({ runs: [run] }, { prices });
  expect(report.rows[0]).toMatchObject({ priceUsdPerHour: 16, priceSource: said });
  const facts = environmentSheet(report, 0).rows.filter(([, part, fact]) => part === 'Machine' && String(fact).startsWith('Price'));
  expect(facts.map(([, , , value]) => value)).toEqual([16, said]);
  const dir = await mkdtemp(join(tmpdir(), 'report-price-'));
  try {
    await writeHtml(report, join(dir, 'r.html'), { now: 0 });
    const environment = (await readFile(join(dir, 'r.html'), 'utf8')).split('id="environment"')[1] ?? '';
    expect(environment).toContain(`$16.00 an hour, ${said}`);
    expect(environment).not.toContain('$28.40 an hour');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  const recorded = environmentSheet(buildReport({ runs: [run] }), 0).rows;
  expect(recorded.map(([, , , value]) => value)).toContain(28.4);
});

it('the cost of input follows from the total and the output where no throughput of the input is said', () => {
  const foreign: ForeignMeasurement = {
    source: { kind: 'vllm', path: 'a.json' },
    recipe: 'model',
    variant: 'default',
    params: {},
    gpu: { name: 'H200', count: 8 },
    engine: null,
    model: 'org/model',
    system: null,
    recipeText: null,
    data: null,
    result: {
      tool: 'vllm',
      format: 'text',
      kind: 'serve',
      scalars: { total_token_throughput: 3000, output_throughput: 1000 },
      distributions: {},
      counts: { ok: 1 },
      native: {},
      missing: [],
      problems: [],
    },
  };
  const [row] = buildReport({ foreign: [foreign] }, { prices }).rows;
  if (!row) throw new Error('a measurement has a row');
  const places: Record<string, string> = { total_token_throughput: 'T2', output_throughput: 'O2' };
  const cell = (names: Record<string, string>) =>
    costCell(row, 'cost_per_mtok_input', { price: 'P2', throughput: (name) => names[name] ?? null });
  expect(cell(places)).toEqual({
    formula: 'IF(ISNUMBER(P2),P2/((T2-O2)*3600)*1000000,"")',
    result: expect.closeTo((16 / (2000 * 3600)) * 1e6, 9) as number,
  });
  expect(cell({ output_throughput: 'O2' })).toBe(row.scalars.cost_per_mtok_input);
});
