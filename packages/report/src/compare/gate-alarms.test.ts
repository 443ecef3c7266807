import { parseGate, prng } from '@bench/core';
import { expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { runTemplate, withRepeats } from '../testing/measured-run.ts';
import { compareReports } from './compare-reports.ts';

const CALLS = 150;
const RUN = runTemplate(5);
const SPEEDS = ['output_throughput', 'total_token_throughput', 'request_throughput', 'goodput'];
const COSTS = ['cost_per_mtok_total', 'energy_per_output_token', 'energy_per_request', 'cost_per_mtok_output'];
const FIGURES = [...SPEEDS, ...COSTS];
const GATES = [...SPEEDS.map((name) => `${name}>-5%`), ...COSTS.map((name) => `${name}<+5%`)].map(parseGate);

/** Five repeats that differ by 2 %; figures are `factor` of 100. */
function side(id: string, seed: number, factor: (name: string) => number) {
  const random = prng(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const repeats = Array.from({ length: 5 }, () => ({
    result: {
      scalars: Object.fromEntries(FIGURES.map((name) => [name, 100 * factor(name) * Math.exp(0.02 * normal())])),
      distributions: {},
    },
  }));
  return buildReport({ runs: [withRepeats(RUN, id, repeats)] });
}

/** Of calls with all gates, how many have one that failed, and how many would if each were judged alone. */
function failing(factor: (name: string) => number): { together: number; alone: number } {
  const found = { together: 0, alone: 0 };
  for (let call = 1; call <= CALLS; call++) {
    const judged = compareReports(
      side('rb', 2 * call, () => 1),
      side('rc', 2 * call + 1, factor),
      { gatesOf: () => GATES },
    );
    const gates = judged.pairs.flatMap((pair) => pair.gates);
    expect(gates).toHaveLength(GATES.length);
    if (judged.gates?.failed) found.together++;
    if (gates.some(({ gate, seen }) => seen && (gate.side === '<' ? seen.low > gate.limit : seen.high < gate.limit))) found.alone++;
  }
  return found;
}

it('of calls whose figures all lie exactly at their limit, at most 5 % have a gate that fails', () => {
  const { together, alone } = failing((name) => (SPEEDS.includes(name) ? 0.95 : 1.05));
  expect(together).toBeLessThanOrEqual(0.05 * CALLS);
  // What is corrected is not nothing.
  expect(alone).toBeGreaterThan(0.08 * CALLS);
});

it('what is broken by far fails all the same, also where it is one of many', () => {
  const { together } = failing((name) => (name === 'goodput' ? 0.8 : 1));
  expect(together).toBeGreaterThanOrEqual(0.98 * CALLS);
});
