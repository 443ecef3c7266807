import { createIo } from '@bench/core';
import type { Offer } from '@bench/provisioning';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import type { AskedCloud } from '@bench/results';
import { describe, expect, it } from 'vitest';
import { offerKey, planCloudRun } from './plan-run.ts';
import { askedCloud } from './testing/asked-cloud.ts';

const cloud = askedCloud({ maxPriceUsdPerHour: null, maxWorkers: 1 });
const offer = (more: Partial<Offer>): Offer => ({
  id: 'o1',
  provider: 'memo',
  instanceType: 't1',
  region: 'west',
  zone: null,
  country: null,
  gpu: { id: 'L4', name: 'NVIDIA L4', vendor: 'nvidia', count: 1, memoryGb: 24, formFactor: null },
  cpus: 8,
  memoryGb: 32,
  diskGb: 100,
  priceUsdPerHour: 2,
  storageUsdPerGbMonth: null,
  egressUsdPerGb: null,
  priceSource: { kind: 'live', name: 'memo', at: '2026-11-01T00:00:00.000Z' },
  market: 'on-demand',
  availability: 'available',
  workloads: ['vm'],
  reliability: null,
  verified: null,
  downMbps: null,
  upMbps: null,
  cudaVersion: null,
  driverVersion: null,
  publicIp: 'direct',
  rentableUntil: null,
  data: null,
  ...more,
});
const tasks = expandRecipe(
  parseRecipe('model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\ndeploy: {gpu: NVIDIA L4}\n', {
    file: '/r/recipe.yaml',
    dir: '/r',
    name: 'r',
  }),
);

it('plans by offers of an earlier time: the cheapest that fits, and no news of what other groups want', async () => {
  const offers = [
    offer({ priceUsdPerHour: 3 }),
    offer({ region: 'east' }),
    offer({ id: 'o2', gpu: null }),
    offer({ id: 'o3', workloads: ['container'] }),
  ];
  const plan = await planCloudRun({ tasks, cloud, from: { offers }, io: createIo({ env: {} }) });
  expect(plan.groups.map(({ offer: first }) => [first?.region, first?.priceUsdPerHour])).toEqual([['east', 2]]);
  expect(plan.groups[0]?.refused.some(({ reason }) => /^its GPU is |^it has \d+ GPUs$/.test(reason))).toBe(false);
  expect(plan.offers).toEqual(offers);
  expect(plan.errors).toEqual([]);
});

it('reckons with the disk of a machine, where that bills beside it', async () => {
  const usd = async (more: Partial<Offer>) => {
    const planned = await planCloudRun({ tasks, cloud, from: { offers: [offer(more)] }, io: createIo({ env: {} }) });
    return planned.usd.low / planned.machineHours.low;
  };
  expect(await usd({ storageUsdPerGbMonth: 7.3 })).toBeCloseTo(2);
  expect(await usd({ storageUsdPerGbMonth: 7.3, diskInPrice: false })).toBeCloseTo(2 + (7.3 * cloud.diskGb) / 730);
});

it('takes offers of one id in two places, or on two markets, for two', () => {
  const keys = [offer({}), offer({ region: 'east' }), offer({ zone: 'west-a' }), offer({ market: 'spot' })].map(offerKey);
  expect(new Set(keys).size).toBe(4);
  expect(offerKey(offer({ priceUsdPerHour: 9 }))).toBe(offerKey(offer({})));
});

describe('what a run would refuse', () => {
  const io = createIo({ env: {} });
  const recipe = (text: string) => expandRecipe(parseRecipe(text, { file: '/r/recipe.yaml', dir: '/r', name: 'r' }));
  const refusals = async (o: { tasks?: Task[]; offers?: Offer[]; cloud?: Partial<AskedCloud>; mode?: 'deploy' }) => {
    const limits = { ...cloud, ...o.cloud };
    const asking = { asked: { recipes: [], site: 'cloud', filter: [], seed: 0, cloud: limits, ...(o.mode ? { mode: o.mode } : {}) } };
    const from = { offers: o.offers ?? [offer({})] };
    return (await planCloudRun({ tasks: o.tasks ?? tasks, cloud: limits, from, io, asking })).refusals;
  };

  it('is nothing where it would run', async () => {
    expect(await refusals({})).toEqual([]);
  });

  it('is a limit that the machine would pass before it could be done', async () => {
    expect(await refusals({ cloud: { maxCostUsd: 0.4 } })).toMatchObject([
      { group: 0, error: { code: 'BENCH_MAX_COST', exitCode: 4, hint: expect.stringContaining('--max-cost') as string } },
    ]);
  });

  it('is not what measuring would take, where nothing is measured', async () => {
    const long = recipe(
      'model: {huggingface: org/m-1B}\nengine: {llm: {vllm: {}}}\ndeploy: {gpu: NVIDIA L4}\nbenchmark: {duration: 3h, max_concurrency: 1}\n',
    );
    const limits = { maxCostUsd: 2 };
    expect(await refusals({ tasks: long, cloud: limits })).toMatchObject([{ error: { code: 'BENCH_MAX_COST' } }]);
    expect(await refusals({ tasks: long, cloud: limits, mode: 'deploy' })).toEqual([]);
  });

  it('is a price that nobody knows, under a limit', async () => {
    const [refusal] = await refusals({ offers: [offer({ priceUsdPerHour: null })], cloud: { maxPriceUsdPerHour: 5 } });
    expect(refusal).toMatchObject({
      group: 0,
      error: { code: 'BENCH_NO_OFFER', hint: expect.stringContaining('--allow-unknown-price') as string },
    });
  });

  it('is, of the recipe, no GPU or an unknown one, with its place and the nearest, and exit code 2', async () => {
    const none = recipe('command: {run: "true"}');
    expect(await refusals({ tasks: none })).toMatchObject([{ group: null, error: { code: 'BENCH_GPU_UNKNOWN', exitCode: 2 } }]);
    const wrong = recipe('command: {run: "true"}\ndeploy:\n  gpu: H2000\n');
    expect(await refusals({ tasks: wrong })).toMatchObject([
      {
        group: null,
        error: {
          message: 'r: no GPU is called "H2000" (/r/recipe.yaml:3:8)',
          hint: 'did you mean "H200"? bench gpus lists them',
          exitCode: 2,
        },
      },
    ]);
  });

  it('is a secret that is not set', async () => {
    const secret = recipe('command: {run: "true", env: {API_KEY: {from_env: NOT_SET}}}\ndeploy: {gpu: L4}\n');
    expect(await refusals({ tasks: secret })).toMatchObject([{ group: null, error: { code: 'BENCH_SECRET_MISSING', exitCode: 4 } }]);
  });
});
