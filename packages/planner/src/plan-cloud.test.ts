import { findGpu } from '@bench/core';
import type { Offer, Wanted } from '@bench/provisioning';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { type CloudLimits, planCloud, priceLimit, wantedFor, wantedOf } from './index.ts';

const LIMITS: CloudLimits = {
  providers: null,
  regions: [],
  markets: ['on-demand'],
  maxPriceUsdPerHour: null,
  allowUnknownPrice: false,
  maxCostUsd: null,
  diskGb: 100,
  image: null,
  maxLifetimeS: 3600,
  bidUsdPerHour: null,
  workload: 'vm',
  criteria: {},
  maxWorkers: 2,
};

const offer = (id: string, priceUsdPerHour: number | null, gpu = 'H200'): Offer =>
  ({ id, provider: 'p', priceUsdPerHour, market: 'on-demand', gpu: { id: gpu, count: 1 } }) as Offer;

/** Stands in for the order of `@bench/provisioning`: by GPU and price. */
const rank = (offers: readonly Offer[], { gpu, count }: Wanted) => ({
  candidates: offers.filter((o) => o.gpu?.id === gpu && o.gpu?.count === count),
  refused: offers.filter((o) => o.gpu?.id !== gpu).map((other) => ({ offer: other, reason: 'another GPU' })),
});

function tasks(benchmark: string, { model = 'org/m-8B', gpus = ['H200'] as readonly string[] } = {}): Task[] {
  const yaml = `model: {huggingface: ${model}}\nengine: {llm: {vllm: {}}}\nbenchmark: ${benchmark}\nmatrices: {cross: {deploy.gpu: [${gpus.join(', ')}]}}\n`;
  return expandRecipe(parseRecipe(yaml, { file: '/x/r/recipe.yaml', dir: '/x/r', name: 'r' }));
}

const plan = (
  list: Task[],
  offers: readonly Offer[],
  limits: Partial<CloudLimits> = {},
  more: Pick<Parameters<typeof planCloud>[0], 'deployOnly' | 'keepS'> = {},
) =>
  planCloud({
    tasks: list,
    offers,
    limits: { ...LIMITS, ...limits },
    ...more,
    now: 0,
    rank,
    price: ({ priceUsdPerHour }) => priceUsdPerHour,
  });

const BENCHMARK = '{max_concurrency: 8, num_prompts: 80, random_input_len: 100, random_output_len: 200}';

describe('planCloud', () => {
  it('gives each group its first offer, what comes next, and why others will not do', () => {
    const { groups, atLeast } = plan(
      tasks(BENCHMARK, { gpus: ['H200', 'B200'] }),
      [1, 2, 3, 4, 5].map((price) => offer(`o${price}`, price)),
    );
    expect(
      groups.map(({ group, offer: chosen, alternatives, refused }) => [group.gpu, chosen?.id, alternatives.map(({ id }) => id), refused]),
    ).toEqual([
      ['H200', 'o1', ['o2', 'o3', 'o4'], []],
      ['B200', undefined, [], [{ reason: 'another GPU', count: 5 }]],
    ]);
    expect(groups.map(({ usd }) => usd === null)).toEqual([false, true]);
    expect(atLeast).toBe(true);
  });

  it('reckons a command with as long as it may take at the most', () => {
    const command = (timeout: string) =>
      expandRecipe(
        parseRecipe(`command: {run: 'true'${timeout}}\ndeploy: {gpu: H200}\n`, { file: '/x/r/recipe.yaml', dir: '/x/r', name: 'r' }),
      );
    const hours = (timeout: string) => plan(command(timeout), [offer('o', 10)]).machineHours.high;
    expect(hours(', timeout: 8h') - hours(', timeout: 10s')).toBeCloseTo(8 - 10 / 3600);
    expect(hours('') - hours(', timeout: 10s')).toBeCloseTo(1 - 10 / 3600);
  });

  it('estimates in ranges: dollars are hours times the price, and an unknown price stays unknown', () => {
    const { groups, usd, machineHours, atLeast } = plan(tasks(BENCHMARK), [offer('o', 10)]);
    const [group] = groups;
    expect(group?.hours?.low).toBeGreaterThan(0);
    expect(group?.hours?.high).toBeGreaterThan(group?.hours?.low ?? Infinity);
    expect(usd.low).toBeCloseTo(machineHours.low * 10);
    expect(usd.high).toBeCloseTo(machineHours.high * 10);
    expect(atLeast).toBe(false);
    expect(plan(tasks(BENCHMARK), [offer('o', null)])).toMatchObject({ usd: { low: 0, high: 0 }, atLeast: true, groups: [{ usd: null }] });
  });

  it('says what is billed and not counted: traffic, and a disk beside the machine whose price nobody knows', () => {
    const of = (more: Partial<Offer>) =>
      plan(tasks(BENCHMARK), [{ ...offer('o', 1), egressUsdPerGb: 0, storageUsdPerGbMonth: null, ...more }]);
    expect(of({})).toMatchObject({ notes: [], atLeast: false });
    expect(of({ egressUsdPerGb: 0.02 })).toMatchObject({
      notes: [expect.stringContaining('sent out, $0.02 a GB') as string],
      atLeast: false,
    });
    expect(of({ egressUsdPerGb: null }).notes.join()).toContain('sent out is not known');
    expect(of({ diskInPrice: false })).toMatchObject({ notes: [expect.stringContaining('bills disks') as string], atLeast: true });
    expect(of({ diskInPrice: false, storageUsdPerGbMonth: 0.1 })).toMatchObject({ notes: [], atLeast: false });
  });

  it('a load that is longer takes longer: by its duration, its requests, its repeats, and bigger weights', () => {
    const low = (benchmark: string, model?: string) =>
      plan(tasks(benchmark, model ? { model } : {}), [offer('o', 1)]).machineHours.low * 3600;
    const base = low(BENCHMARK);
    expect(low(BENCHMARK.replace('num_prompts: 80', 'duration: 1h')) - base).toBeGreaterThan(3500);
    expect(low(BENCHMARK.replace('num_prompts: 80', 'stages: [{duration: 30m, request_rate: 1}, {duration: 30m, request_rate: 2}]'))).toBe(
      low(BENCHMARK.replace('num_prompts: 80', 'duration: 1h')),
    );
    const trace = BENCHMARK.replace('num_prompts: 80', 'dataset: {type: trace, path: t.csv, format: azure}');
    expect(low(trace.replace('format: azure}', 'format: azure}, duration: 1h'))).toBeGreaterThan(low(trace) + 3000);
    expect(low(BENCHMARK.replace('}', ', bursts: {size: 2, every: 100s}}'))).toBeGreaterThan(4000);
    expect(low(BENCHMARK.replace('80', '800')) - base).toBeCloseTo(90 * 2.02, 3);
    expect(low(BENCHMARK.replace('}', ', repeats: 3}')) - base).toBeCloseTo(2 * 11 * 2.02, 3);
    expect(low(BENCHMARK, 'org/m-70B') - base).toBeCloseTo(124, 3);
  });

  it('of a search it is not known how many points there will be: all that there may be count', () => {
    const found = plan(tasks(BENCHMARK.replace('}', ', search: {max: rate, slo: {ttft_p99_ms: 5}, max_points: 12}}')), [offer('o', 1)]);
    expect(found.groups[0]?.points).toBe(12);
    const { low, high } = found.machineHours;
    expect(high).toBeGreaterThan(3 * low);
  });

  it('what stays up is reckoned beside the run: each of as many machines as there are at a time, the dearest, within what it may cost', () => {
    const list = tasks(BENCHMARK, { gpus: ['H200', 'B200', 'H100'] });
    const offers = [offer('a', 1, 'H200'), offer('b', 5, 'B200'), offer('c', 3, 'H100')];
    const keepS = 8 * 3600;
    expect(plan(list, offers).kept).toBeNull();
    const kept = plan(list, offers, {}, { keepS });
    expect(kept.kept).toEqual({ hours: 8, usd: 64, atLeast: false });
    expect(kept.usd).toEqual(plan(list, offers).usd);
    const limited = plan(list, offers, { maxCostUsd: 20 }, { keepS });
    expect(limited.kept?.usd).toBeCloseTo(20 - limited.usd.low);
    const partly = plan(list, [offer('a', 1, 'H200'), offer('b', null, 'B200')], {}, { keepS });
    expect(partly.kept).toEqual({ hours: 8, usd: 8, atLeast: true });
    expect(plan(list, [offer('b', null, 'B200')], {}, { keepS }).kept).toEqual({ hours: 8, usd: null, atLeast: true });
    expect(plan(list, [], {}, { keepS }).kept).toBeNull();
  });

  it('what is only deployed is not estimated as if it were measured', () => {
    const hour = tasks(BENCHMARK.replace('num_prompts: 80', 'duration: 1h'));
    const [measured, deployed] = [false, true].map((deployOnly) => plan(hour, [offer('o', 1)], {}, { deployOnly }));
    expect(measured?.machineHours.high).toBeGreaterThan(1);
    expect((measured?.machineHours.low ?? 0) - (deployed?.machineHours.low ?? 0)).toBeGreaterThanOrEqual(1);
    expect(deployed?.groups[0]?.points).toBe(0);
  });

  it('with more machines at a time a run is over earlier, and costs the same', () => {
    const list = tasks(BENCHMARK, { gpus: ['H200', 'B200', 'H100'] });
    const offers = ['H200', 'B200', 'H100'].map((gpu) => offer(gpu, 1, gpu));
    const [one, three] = [plan(list, offers, { maxWorkers: 1 }), plan(list, offers, { maxWorkers: 3 })];
    expect(one.usd).toEqual(three.usd);
    expect(one.hours.low).toBeCloseTo(3 * three.hours.low);
  });
});

it('what is wanted is within the limits, and no machine may cost in ten minutes what the run may', () => {
  expect(priceLimit({ maxPriceUsdPerHour: null, maxCostUsd: null })).toBeNull();
  expect(priceLimit({ maxPriceUsdPerHour: 5, maxCostUsd: 100 })).toBe(5);
  expect(priceLimit({ maxPriceUsdPerHour: null, maxCostUsd: 2 })).toBe(12);
  const wanted = wantedFor({ gpu: 'H200', gpuCount: 2 }, { ...LIMITS, allowUnknownPrice: true, maxCostUsd: 2 });
  expect(wanted).toMatchObject({ gpu: 'H200', count: 2, allowUnknownPrice: true, maxPriceUsdPerHour: 12, workload: { kind: 'vm' } });
});

it('of a family that product is wanted that a host is checked for', () => {
  const wanted = wantedFor({ gpu: 'V100', gpuCount: 1 }, LIMITS);
  expect(wanted.gpu).toBe(findGpu('V100')?.id);
  expect(wanted.gpu).not.toBe('V100');
  expect(wantedOf({ gpu: 'V100', count: 1 }, LIMITS)).toEqual({ ...wanted, gpu: 'V100' });
});
