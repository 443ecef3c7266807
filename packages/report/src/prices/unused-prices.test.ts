import { describe, expect, it } from 'vitest';
import { buildReport, parsePrice, type PriceBook, type PriceEntry } from '../index.ts';
import { syntheticRun, type TaskPlan } from '../testing/synthetic-run.ts';

const asked = (...texts: string[]): PriceBook => ({
  whatIf: texts.map((text) => parsePrice(text, { today: '2026-11-23' })),
  known: [],
  rates: {},
});
const settings = (...known: Pick<PriceEntry, 'per' | 'name'>[]): PriceBook => ({
  ...asked(),
  known: known.map((entry) => ({ ...entry, amount: 2, currency: 'USD', source: 'bench.config.yaml', date: '2026-11-01' })),
});
const H200: Partial<TaskPlan> = { gpu: { name: 'NVIDIA H200', count: 8 } };
const CPU: Partial<TaskPlan> = { gpu: { name: null, count: 0 } };
const NODE: Partial<TaskPlan> = { ...H200, machine: { kind: 'node', name: 'n1', partition: 'gpu' } };
const told = (tasks: Partial<TaskPlan>[], prices: PriceBook) =>
  buildReport({ runs: [syntheticRun({ tasks: tasks.map((task) => ({ ...task, points: [{ concurrency: 4 }] })) })] }, { prices })
    .unusedPrices;

describe('prices that were asked for', () => {
  it.each<[Partial<TaskPlan>[], string, string]>([
    [[H200], 'h100=2', 'a price would fit by H200, 8xH200, machine:local; did you mean "H200"?'],
    [[H200], '4xh200=9', 'a price would fit by H200, 8xH200, machine:local; did you mean "8xH200"?'],
    [[H200, CPU], 'rtx5090=9', 'a price would fit by H200, 8xH200, machine:local'],
    [[CPU], 'machine:locla=1', 'a price would fit by machine:local; did you mean "machine:local"?'],
    [[NODE], 'partition:gpus=1', 'a price would fit by H200, 8xH200, partition:gpu, machine:n1; did you mean "partition:gpu"?'],
  ])('of %j by %s are told of with what would fit', (tasks, text, message) => {
    expect(told(tasks, asked(text))).toEqual([{ path: `--price ${text}`, message: `it is the price of nothing here; ${message}` }]);
  });

  it('are no mistake when they fit one of many, or a more exact one counts', () => {
    expect(told([H200, CPU], asked('h200=2', '8xh200=15', 'machine:local=1'))).toEqual([]);
  });

  it('have few names where there are many', () => {
    const tasks = Array.from({ length: 9 }, (_, i) => ({ ...CPU, machine: { name: `host-${i}` } }));
    expect(told(tasks, asked('b300=1'))[0]?.message).toMatch(/machine:host-0, .*, machine:host-7 and 1 more$/);
  });
});

describe('prices of the settings', () => {
  it('may be of machines that were not measured on', () => {
    expect(told([H200], settings({ per: 'gpu', name: 'H200' }, { per: 'gpu', name: 'A100' }))).toEqual([]);
    const recorded = { ...H200, machine: { priceUsdPerHour: 28, priceSource: 'list price' } };
    expect(told([recorded], settings({ per: 'gpu', name: 'B200' }))).toEqual([]);
    expect(told([CPU], settings({ per: 'gpu', name: 'H200' }))).toEqual([]);
    expect(told([H200], settings())).toEqual([]);
  });

  it('of GPUs that there are may be of other machines, and what would fit is said once', () => {
    const B200: Partial<TaskPlan> = { gpu: { name: 'NVIDIA B200', count: 1 } };
    const priced = ['A100', 'H100', 'H200'].map((name) => ({ per: 'gpu' as const, name }));
    const fits = {
      path: 'pricing',
      message: 'something here has no price; it would have one by gpus.B200, machines.1xB200, machines.local',
    };
    expect(told([B200], settings(...priced))).toEqual([fits]);
    expect(told([B200], settings(...priced, { per: 'gpu', name: 'B20O' }, { per: 'gpu', name: 'BB200' }))).toEqual([
      { path: 'pricing', message: 'gpus.B20O is the price of nothing here, and something has none; did you mean "gpus.B200"?' },
      { path: 'pricing', message: 'gpus.BB200 is the price of nothing here, and something has none; did you mean "gpus.B200"?' },
      fits,
    ]);
  });

  it('are told of where GPUs have none, and where one seems misspelt', () => {
    expect(told([H200], settings({ per: 'partition', name: 'long' }))).toEqual([
      { path: 'pricing', message: 'something here has no price; it would have one by gpus.H200, machines.8xH200, machines.local' },
    ]);
    expect(told([CPU], settings({ per: 'machine', name: 'locla' }))).toEqual([
      {
        path: 'pricing',
        message: 'machines.locla is the price of nothing here, and something has none; did you mean "machines.local"?',
      },
    ]);
  });
});
