import { describe, expect, it } from 'vitest';
import { BenchError } from './error.ts';
import { figure, FIGURE_NAMES } from './figure-name.ts';
import { parseGate } from './gate.ts';
import { METRICS } from './metrics.ts';

describe('names of figures', () => {
  it('have the unit at their end, and one meaning each', () => {
    expect(FIGURE_NAMES).toEqual(expect.arrayContaining(['ttft_p99_ms', 'e2el_mean_ms', 'ttft_intended_p50_ms', 'output_throughput']));
    expect(new Set(FIGURE_NAMES).size).toBe(FIGURE_NAMES.length);
    expect(FIGURE_NAMES.length).toBeGreaterThan(METRICS.length);
    expect(FIGURE_NAMES.map((name) => figure(name)?.name)).toEqual(FIGURE_NAMES);
  });

  it.each(['ttft_p99_ms', 'ttft_p99', 'ttft_ms_p99'])('%s', (name) => {
    expect(figure(name)).toMatchObject({ name: 'ttft_p99_ms', statistic: 'p99', definition: { name: 'ttft_ms', unit: 'ms' } });
  });

  it.each(['ttft_ms', 'ttft', 'ttft_p98_ms', 'output_throughput_p99', 'constructor', ''])('%s is none', (name) => {
    expect(figure(name)).toBeUndefined();
  });
});

describe('gates', () => {
  it.each([
    ['ttft_p99_ms<+5%', { figure: 'ttft_p99_ms', side: '<', of: 'change', limit: 0.05 }],
    [' tpot_p50 <= +2.5 % ', { figure: 'tpot_p50_ms', side: '<', of: 'change', limit: 0.025 }],
    ['output_throughput>-3%', { figure: 'output_throughput', side: '>', of: 'change', limit: -0.03 }],
    ['output_throughput > +10%', { figure: 'output_throughput', side: '>', of: 'change', limit: 0.1 }],
    ['ttft_p99_ms<500', { figure: 'ttft_p99_ms', side: '<', of: 'value', limit: 500 }],
    ['error_ratio<1%', { figure: 'error_ratio', side: '<', of: 'value', limit: 0.01 }],
    ['error_ratio<0.01', { figure: 'error_ratio', side: '<', of: 'value', limit: 0.01 }],
    ['error_ratio<+1%', { figure: 'error_ratio', side: '<', of: 'change', limit: 0.01 }],
    ['redis-benchmark.set_rps>-5%', { figure: 'redis-benchmark.set_rps', side: '>', of: 'change', limit: -0.05 }],
    ['total_output_tokens>-1%', { figure: 'total_output_tokens', side: '>', of: 'change', limit: -0.01 }],
  ])('%s', (text, gate) => {
    expect(parseGate(text)).toEqual({ text: text.trim(), orEqual: text.includes('='), ...gate });
  });

  it.each([
    ['', 'column 1: a figure, then < or >'],
    ['r0abcdefgh', 'column 1: a figure, then < or >'],
    ['ttft_p99_ms', 'column 1: a figure, then < or >'],
    ['ttft_ms<+5%', 'column 1: ttft_ms is a distribution'],
    ['ttft_p99_ms<5%', 'column 13: a per cent of this figure is a change'],
    ['ttft_p99_ms<+5', 'column 13: a change is told in per cent'],
    ['ttft_p99_ms < five', 'column 15: a limit was expected'],
    ['ttft_p99_ms<', 'column 13: a limit was expected'],
    ['ttft_p99_ms<1e3', 'column 13: a limit was expected'],
    ['ttft_p99_ms>-5%', 'column 12: ttft_p99_ms is better when it is lower, so its gate begins with <'],
    ['output_throughput<+5%', 'column 18: output_throughput is better when it is higher, so its gate begins with >'],
  ])('refuses %j', (text, message) => {
    try {
      parseGate(text);
      expect.unreachable();
    } catch (error) {
      expect(BenchError.is(error) && error).toMatchObject({ code: 'BENCH_GATE_INVALID', exitCode: 2 });
      expect((error as Error).message).toContain(message);
    }
  });
});
