import { parseGate } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { measuredRun } from '../testing/measured-run.ts';
import { ownRun } from '../testing/synthetic-run.ts';
import { compareReports } from './compare-reports.ts';
import { seenText } from './words.ts';

const throughputs = (id: string, ...perS: number[]) =>
  buildReport({
    runs: [
      measuredRun(
        id,
        perS.map((each) => ({
          result: {
            scalars: { output_throughput: each, error_ratio: 0, good_ratio: 1 },
            counts: { sent: 200, ok: 200, failed: 0, cancelled: 0, warmup: 0 },
            distributions: {},
          },
        })),
      ),
    ],
  });
const base = throughputs('rbase', 100, 101, 99, 100, 100);

function outcome(gate: string, candidate: ReturnType<typeof throughputs>, from = base) {
  const { pairs, gates } = compareReports(from, candidate, { gatesOf: () => [parseGate(gate)] });
  expect(gates).not.toBeNull();
  return pairs.flatMap((pair) => pair.gates.map((each) => each.outcome)).join(' ');
}

describe('a gate', () => {
  const slower = throughputs('rcand', 90, 91, 89, 90, 90);
  it.each([
    ['output_throughput>-5%', 'failed'],
    ['output_throughput>-12%', 'passed'],
    // The interval of a fall of 10 % holds 9.5 %.
    ['output_throughput>-9.5%', 'undecided'],
    ['output_throughput>95', 'failed'],
    ['output_throughput>80', 'passed'],
    ['output_throughput>90.3', 'undecided'],
    ['error_ratio<1%', 'passed'],
    // None of 1 000 may be 0.4 %.
    ['error_ratio<0.1%', 'undecided'],
    ['error_ratio<+1%', 'passed'],
    // Not one of them was an error, which does not say that none ever is.
    ['error_ratio<=0', 'undecided'],
    ['error_ratio<0', 'failed'],
    ['good_ratio>=1', 'undecided'],
    ['good_ratio>1', 'failed'],
  ])('%s: %s', (gate, expected) => {
    expect(outcome(gate, slower)).toBe(expected);
  });

  it.each([
    ['output_throughput>=100', 'passed'],
    ['output_throughput>100', 'failed'],
    ['output_throughput>=+0%', 'passed'],
    ['output_throughput>+0%', 'failed'],
  ])('of five times the same, %s: %s', (gate, expected) => {
    const same = (id: string) => throughputs(id, 100, 100, 100, 100, 100);
    expect(outcome(gate, same('rcand'), same('rbase'))).toBe(expected);
  });

  it('fails on one measurement only far outside', () => {
    expect(outcome('output_throughput>-5%', throughputs('rcand', 91), throughputs('rbase', 100))).toBe('undecided');
    expect(outcome('output_throughput>-5%', throughputs('rcand', 80), throughputs('rbase', 100))).toBe('failed');
  });

  const lacking = (id: string) =>
    buildReport({
      runs: [
        measuredRun(
          id,
          [1, 2].map(() => ({ result: { scalars: { request_throughput: 1 }, distributions: {} } })),
        ),
      ],
    });
  it.each(['output_throughput>-5%', 'output_throughput>50'])('%s fails where only the base has the figure', (gate) => {
    const { pairs } = compareReports(base, lacking('rcand'), { gatesOf: () => [parseGate(gate)] });
    expect(pairs[0]?.gates).toMatchObject([{ outcome: 'failed', why: 'the candidate does not have it, and the base does' }]);
    expect(outcome('output_throughput>-5%', slower, lacking('rbase'))).toBe('undecided');
  });

  it('fails when all is lost', () => {
    expect(outcome('output_throughput>-5%', throughputs('rcand', 0, 0, 0, 0, 0))).toBe('failed');
    expect(outcome('output_throughput>-5%', throughputs('rcand', 0, 0, 0, 0, 10))).toBe('failed');
    expect(outcome('output_throughput>-5%', throughputs('rcand', 0), throughputs('rbase', 100))).toBe('failed');
    expect(outcome('output_throughput>5', throughputs('rcand', 0))).toBe('failed');
  });

  it('that is broken by little fails alone, and is not sure among many', () => {
    const judged = (many: number) => {
      const gates = ['output_throughput>-9%', ...Array.from({ length: many }, (_, i) => `output_throughput>-${20 + i}%`)].map(parseGate);
      return compareReports(base, slower, { gatesOf: () => gates });
    };
    expect(judged(0).gates).toEqual({ passed: 0, failed: 1, undecided: 0 });
    const many = judged(30);
    expect(many.gates).toEqual({ passed: 30, failed: 0, undecided: 1 });
    const [gate] = many.pairs[0]?.gates ?? [];
    expect(gate).toMatchObject({ outcome: 'undecided', why: 'alone it is beyond the limit, among 31 gates that is not sure' });
    expect(gate && seenText(gate, many.pairs[0]?.metrics ?? [])).toMatch(
      /^-10\.0 % \(-11\.0 to -9\.0 %\); alone it is beyond the limit, among 31 gates that is not sure$/,
    );
  });

  it('of what nothing has is a mistake, with the nearest name', () => {
    expect(() => outcome('output_throughputt>-5%', slower)).toThrow(
      'gate "output_throughputt>-5%": nothing that is compared has output_throughputt',
    );
    try {
      outcome('output_throughputt>-5%', slower);
    } catch (error) {
      expect(error).toMatchObject({ hint: 'did you mean "output_throughput"?', exitCode: 2 });
    }
    expect(() => outcome('ttft_p99_ms<+5%', slower)).toThrow('nothing that is compared has ttft_p99_ms');
    expect(() => outcome('constructor<5', slower)).toThrow('nothing that is compared has constructor');
  });

  it('may be of what a recipe reports itself, and of a recipe alone', () => {
    const run = ownRun();
    const comparison = compareReports(buildReport({ runs: [run] }), buildReport({ runs: [{ ...run, dir: '/runs/other' }] }), {
      gatesOf: (recipe) => (recipe === 'redis-stress' ? [parseGate('redis-benchmark.set_rps>-10%')] : [parseGate('throughput>0.1')]),
    });
    expect(
      comparison.pairs.map(({ recipe, gates }) => [recipe, ...gates.map(({ gate, outcome: came }) => `${gate.text} ${came}`)]),
    ).toEqual([
      ['redis-stress', 'redis-benchmark.set_rps>-10% passed'],
      ['redis-stress', 'redis-benchmark.set_rps>-10% passed'],
      ['copy-weights', 'throughput>0.1 passed'],
    ]);
    expect(comparison.gates).toEqual({ passed: 3, failed: 0, undecided: 0 });
  });
});

it('another figure may be asked for, and one that nobody has is refused', () => {
  const { pairs } = compareReports(base, throughputs('rcand', 90, 90), { figures: ['cost_per_mtok_total', 'output_throughput'] });
  expect(pairs[0]?.metrics.map(({ name }) => name)).toEqual(['output_throughput', 'error_ratio', 'cost_per_mtok_total']);
  expect(() => compareReports(base, base, { figures: ['ttft_p9_ms'] })).toThrow('no figure is called "ttft_p9_ms"');
});
