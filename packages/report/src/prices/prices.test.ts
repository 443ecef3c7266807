import type { ForeignMeasurement } from '@bench/results';
import { describe, expect, it } from 'vitest';
import { buildReport, parsePrice, type PriceBook, type PriceEntry } from '../index.ts';
import { syntheticRun, type TaskPlan } from '../testing/synthetic-run.ts';

const today = '2026-11-23';
const book = (...texts: string[]): PriceBook => ({ whatIf: texts.map((text) => parsePrice(text, { today })), known: [], rates: {} });
const settings = (...known: Partial<PriceEntry>[]): PriceBook => ({
  whatIf: [],
  known: known.map((entry) => ({
    per: 'gpu',
    name: 'H200',
    amount: 2,
    currency: 'USD',
    source: 'bench.config.yaml',
    date: '2026-11-01',
    ...entry,
  })),
  rates: { EUR: { usd: 1.08, date: '2026-11-02' } },
});

const task = (plan: Partial<TaskPlan> = {}): TaskPlan => ({
  gpu: { name: 'NVIDIA H200', count: 8 },
  points: [{ concurrency: 4 }],
  ...plan,
});
const rowOf = (plan: Partial<TaskPlan>, prices?: PriceBook) => {
  const [row] = buildReport({ runs: [syntheticRun({ tasks: [task(plan)] })] }, prices ? { prices } : {}).rows;
  if (!row) throw new Error('a task has a row');
  return row;
};
const recorded = { priceUsdPerHour: 28.4, priceSource: 'list price' };
const rented = {
  name: 'bench-1',
  provider: 'gcp',
  id: '1',
  offer: 'o',
  instanceType: 'a3-ultragpu-8g',
  region: 'r',
  zone: null,
  country: null,
  gpu: { name: 'H200', count: 8, memoryGb: 141 },
  market: 'on-demand',
  workload: 'vm' as const,
  diskGb: 1,
  storageUsdPerGbMonth: null,
  egressUsdPerGb: null,
  priceAt: '2026-10-05T10:00:00Z',
  createdAt: null,
};

describe('parsePrice', () => {
  it.each([
    ['h200=2.10', { per: 'gpu', name: 'h200', amount: 2.1, currency: 'USD' }],
    ['NVIDIA H200 141GB=2', { per: 'gpu', name: 'NVIDIA H200 141GB', amount: 2, currency: 'USD' }],
    ['8xh200=16', { per: 'machine', name: 'h200', count: 8, amount: 16, currency: 'USD' }],
    ['8 × H200 = 16.5eur', { per: 'machine', name: 'H200', count: 8, amount: 16.5, currency: 'EUR' }],
    ['machine:a3-highgpu-8g=70', { per: 'machine', name: 'a3-highgpu-8g', amount: 70, currency: 'USD' }],
    ['partition:gpu=.5', { per: 'partition', name: 'gpu', amount: 0.5, currency: 'USD' }],
  ])('%s', (text, entry) => {
    expect(parsePrice(text, { today })).toEqual({ ...entry, source: `--price ${text}`, date: today });
  });

  it.each([
    ['h2000=2', 'no GPU is called "h2000"', 'did you mean "H200"?'],
    ['8xh2000=2', 'no GPU is called "h2000"', 'did you mean "H200"?'],
    ['toaster=2', 'no GPU is called "toaster"', expect.stringContaining('machine:NAME') as string],
    ['h200', 'it is no price', expect.stringContaining('h200=2.10') as string],
    ['h200=-1', 'it is no price', expect.anything() as string],
    ['h200=1e3', 'it is no price', expect.anything() as string],
    ['machin:x=1', '"machin" has no price', 'did you mean "machine"?'],
  ])('refuses %s', (text, message, hint) => {
    let thrown: unknown;
    try {
      parsePrice(text, { today });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'BENCH_PRICE_INVALID', message: `--price ${text}: ${message}`, hint, exitCode: 2 });
  });
});

describe('the price of a row', () => {
  it('is what was asked for, before what the run recorded, before the settings; and says which, and as of when', () => {
    const asked = { ...settings({}), whatIf: book('h200=2.10').whatIf };
    expect(rowOf({ machine: recorded }, asked).price).toMatchObject({
      usdPerHour: 8 * 2.1,
      from: 'what-if',
      per: 'gpu',
      times: 8,
      date: today,
    });
    expect(rowOf({ machine: recorded }, asked).priceSource).toBe('8 × $2.10 by --price h200=2.10, 2026-11-23');
    expect(rowOf({ machine: recorded }, settings({}))).toMatchObject({
      priceUsdPerHour: 28.4,
      priceSource: 'list price',
      price: { from: 'run' },
    });
    expect(rowOf({ machine: { ...recorded, rented } }, settings({})).priceSource).toBe('list price, 2026-10-05');
    expect(rowOf({}, settings({}))).toMatchObject({ priceUsdPerHour: 16, priceSource: '8 × $2.00 by bench.config.yaml, 2026-11-01' });
    expect(rowOf({})).toMatchObject({ price: null, priceUsdPerHour: null, priceSource: null });
  });

  it('is the most exact that fits', () => {
    const a100 = { gpu: { name: 'NVIDIA A100-SXM4-40GB', count: 4 } };
    expect(rowOf(a100, book('a100-40gb=1', 'a100=2')).priceUsdPerHour).toBe(4);
    expect(rowOf(a100, book('a100=2')).priceUsdPerHour).toBe(8);
    expect(rowOf(a100, book('a100-80gb=2')).priceUsdPerHour).toBeNull();
    expect(rowOf({}, book('8xh200=16', 'h200=3')).priceUsdPerHour).toBe(16);
    expect(rowOf({}, book('4xh200=16')).priceUsdPerHour).toBeNull();
    expect(rowOf({ machine: { ...recorded, rented } }, book('machine:a3-ultragpu-8g=80', '8xh200=16')).priceUsdPerHour).toBe(80);
    expect(rowOf({}, book('h200=3', 'h200=4')).priceUsdPerHour).toBe(32);
  });

  it('is of a machine by its name where it has no GPU, and of a partition for each GPU of the job', () => {
    expect(rowOf({ gpu: { name: null, count: 0 } }, settings({ per: 'machine', name: 'local', amount: 0.12 })).priceUsdPerHour).toBe(0.12);
    const node = { kind: 'node' as const, name: 'gpu1', partition: 'gpu' };
    expect(rowOf({ machine: node }, settings({ per: 'partition', name: 'gpu', amount: 1.5 }, {}))).toMatchObject({ priceUsdPerHour: 12 });
  });

  it('counts all GPUs of a rented machine, for all of it is paid, and of others those in use', () => {
    const one = { gpu: { name: 'H200', count: 1 } };
    expect(rowOf({ ...one, machine: { ...recorded, rented } }, book('h200=2')).priceUsdPerHour).toBe(16);
    expect(rowOf(one, book('h200=2')).priceUsdPerHour).toBe(2);
  });

  it('in another currency is turned into dollars by a rate that is told, and stays what it is without one', () => {
    const euro = rowOf({}, settings({ amount: 2, currency: 'EUR' }));
    expect(euro.priceUsdPerHour).toBeCloseTo(8 * 2 * 1.08, 12);
    expect(euro.priceSource).toBe('8 × 2.00 EUR by bench.config.yaml, 2026-11-01; 1 EUR is $1.08 of 2026-11-02');
    const yen = rowOf({}, settings({ amount: 300, currency: 'JPY' }));
    expect(yen).toMatchObject({ priceUsdPerHour: null, price: { said: { amount: 300, currency: 'JPY' }, usdPerHour: null } });
    expect(yen.priceSource).toBe('8 × 300.00 JPY by bench.config.yaml, 2026-11-01; no rate of JPY to dollars is known');
    expect(yen.scalars).not.toHaveProperty('cost_per_mtok_total');
  });
});

describe('costs', () => {
  it('are the whole price over what came of one kind', () => {
    const row = rowOf({}, book('8xh200=36'));
    const {
      output_throughput: out = 0,
      input_throughput: input = 0,
      total_token_throughput: total = 0,
      request_throughput: requests = 0,
    } = row.scalars;
    expect(row.scalars.cost_per_mtok_output).toBeCloseTo((36 / (out * 3600)) * 1e6, 9);
    expect(row.scalars.cost_per_mtok_input).toBeCloseTo((36 / (input * 3600)) * 1e6, 9);
    expect(row.scalars.cost_per_mtok_total).toBeCloseTo((36 / (total * 3600)) * 1e6, 9);
    expect(row.scalars.cost_per_1000_requests).toBeCloseTo((36 / (requests * 3600)) * 1000, 9);
    expect(row.scalars).not.toHaveProperty('cost_per_1000_good_requests');
  });

  it('of good requests follow from goodput', () => {
    const view = syntheticRun({ tasks: [task()] });
    const result = view.tasks[0]?.points[0]?.result;
    if (result) result.scalars.goodput = 0.5;
    const [row] = buildReport({ runs: [view] }, { prices: book('8xh200=36') }).rows;
    // $36 an hour, 1800 good requests an hour.
    expect(row?.scalars.cost_per_1000_good_requests).toBeCloseTo(20, 12);
  });

  it('that a recipe reports itself stay its own', () => {
    const own = { cost_per_mtok_total: { value: 7, unit: 'USD/Mtok', better: 'lower' as const } };
    const row = rowOf({ kind: 'command', points: [{ own, requests: 4 }], machine: recorded });
    expect(row.scalars.cost_per_mtok_total).toBe(7);
    expect(row.scalars.cost_per_1000_requests).toBeGreaterThan(0);
  });

  it('are known of what another tool measured when its GPUs have a price', () => {
    const foreign: ForeignMeasurement = {
      source: { kind: 'deplodock', path: 'b200_x_8.txt' },
      recipe: 'glm',
      variant: 'b200_x_8',
      params: {},
      gpu: { name: 'NVIDIA B200', count: 8 },
      engine: null,
      model: 'm',
      system: null,
      recipeText: null,
      data: null,
      result: {
        tool: 'vllm',
        format: 'text',
        kind: 'serve',
        scalars: { output_throughput: 1000, total_token_throughput: 3000 },
        distributions: {},
        counts: { ok: 1 },
        native: {},
        missing: [],
        problems: [],
      },
    };
    const [row] = buildReport({ foreign: [foreign] }, { prices: book('b200=4.5') }).rows;
    // $36 an hour over 3.6, 7.2 and 10.8 million tokens.
    expect(row?.scalars).toMatchObject({ cost_per_mtok_output: 10, cost_per_mtok_input: 5 });
    expect(row?.scalars.cost_per_mtok_total).toBeCloseTo(36 / 10.8, 12);
    expect(row?.scalars).not.toHaveProperty('cost_per_1000_requests');
    expect(buildReport({ foreign: [foreign] }).rows[0]?.price).toBeNull();
  });
});
