import type { RunCost } from '@bench/results';
import { expect, it } from 'vitest';
import { costLines } from './index.ts';
import { machineCostLines } from './cost.ts';

const parts = { startup: 0.5, deploying: 0, measuring: 1, idle: 0, teardown: 0.25, failed: 0, storage: 0 };
const machine: RunCost['machines'][number] = {
  machine: 0,
  name: 'bench-a-r-0',
  group: 0,
  provider: 'vast',
  offer: '2× H200 in here',
  priceUsdPerHour: 3.5,
  priceSource: 'vast.ai, live',
  outcome: 'used',
  seconds: { ...parts, startup: 600, measuring: 1200, teardown: 300 },
  usd: parts,
  totalUsd: 1.75,
};

it('tells what machines cost by what it went into, and never less than is known', () => {
  const cost: RunCost = { usd: 1.75, atLeast: false, missing: [], parts, machines: [machine] };
  expect(costLines(cost)).toEqual(['Rented machines: $1.75 for 1 machine (start-up $0.500, measuring $1.00, teardown $0.250)']);
  expect(machineCostLines(cost)).toEqual([
    ['bench-a-r-0', '2× H200 in here of vast: $1.75 in 35m 00s at $3.50 an hour (vast.ai, live), used'],
  ]);
  const unknown = { ...machine, name: 'b', priceUsdPerHour: null, usd: null, totalUsd: null };
  expect(costLines({ ...cost, atLeast: true, missing: ['the price of b is not known'], machines: [machine, unknown] })).toEqual([
    expect.stringMatching(/^Rented machines: at least \$1.75 for 2 machines/) as string,
    '  more than that: the price of b is not known',
  ]);
  expect(machineCostLines({ ...cost, machines: [unknown] })[0]?.[1]).toContain('cost not known');
});
