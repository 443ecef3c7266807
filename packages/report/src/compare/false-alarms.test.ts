import { expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { lognormalRepeats, runTemplate, withRepeats } from '../testing/measured-run.ts';
import { compareReports } from './compare-reports.ts';
import type { Verdict } from './verdict.ts';

const PAIRS = 1000;
const RUN = runTemplate(5);

/** Two sides of 5 repeats of 256 requests (coefficient of variation 0.3) that differ by 2 % from repeat to repeat; the candidate is `slower` times as slow. */
function verdicts(pair: number, slower: number): Map<string, Verdict> {
  const side = (id: string, seed: number, medianMs: number) =>
    buildReport({
      runs: [withRepeats(RUN, id, lognormalRepeats({ seed, medianMs, repeats: 5, requests: 256, within: 0.3, between: 0.02 }))],
    });
  const comparison = compareReports(side('rbase00001', 2 * pair, 100), side('rcandidat1', 2 * pair + 1, 100 * slower));
  return new Map(comparison.pairs[0]?.metrics.map(({ name, verdict }) => [name, verdict]));
}

function count(slower: number): { pairs: number; of(name: string, verdict: Verdict): number } {
  const found = Array.from({ length: PAIRS }, (_, pair) => verdicts(pair + 1, slower));
  return {
    pairs: found.filter((pair) => [...pair.values()].includes('worse')).length,
    of: (name, verdict) => found.filter((pair) => pair.get(name) === verdict).length,
  };
}

const FIGURES = ['request_throughput', 'e2el_p50_ms', 'e2el_p99_ms'];

it('of 1 000 pairs that are the same, at most 5 % have any figure that is called worse', () => {
  const found = count(1);
  expect(found.pairs).toBeLessThanOrEqual(0.05 * PAIRS);
  for (const name of FIGURES) expect(found.of(name, 'better')).toBeLessThanOrEqual(0.05 * PAIRS);
  // A rule that never says anything would pass as well.
  expect(found.of('request_throughput', 'same')).toBeGreaterThan(0.25 * PAIRS);
}, 300_000);

it('of 1 000 that are 10 % slower, at least 95 % are called worse, and none the same', () => {
  const found = count(1.1);
  expect(found.pairs).toBeGreaterThanOrEqual(0.95 * PAIRS);
  for (const name of ['request_throughput', 'e2el_p50_ms']) expect(found.of(name, 'worse')).toBeGreaterThanOrEqual(0.95 * PAIRS);
  for (const name of FIGURES) expect([found.of(name, 'same'), found.of(name, 'better')]).toEqual([0, 0]);
}, 300_000);
