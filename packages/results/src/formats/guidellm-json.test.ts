import { describe, expect, it } from 'vitest';
import { parseGuidellmJson, parseResultJson } from '../index.ts';
import { byStatus, GUIDELLM, guidellmMetrics, OLD_GUIDELLM, summary } from './testing/exports.ts';

const read = (value: unknown) => parseResultJson(JSON.stringify(value));
const [BENCHMARK] = GUIDELLM.benchmarks as [(typeof GUIDELLM)['benchmarks'][0]];

describe("a report of GuideLLM's", () => {
  it('is read in our names and units where the meaning is equal', () => {
    const [result, ...more] = read(GUIDELLM);
    expect(more).toEqual([]);
    expect(result).toMatchObject({
      tool: 'guidellm',
      format: 'json',
      kind: 'serve',
      model: 'org/name',
      date: '2026-03-02T16:58:32.000Z',
      durationS: 16,
      maxConcurrency: 4,
      counts: { ok: 8, failed: 1, cancelled: 1 },
      problems: [],
    });
    // What it counted ÷ its duration, not its means over the time between events.
    expect(result?.scalars).toEqual({
      total_input_tokens: 800,
      total_output_tokens: 400,
      request_throughput: 0.5,
      input_throughput: 50,
      output_throughput: 25,
      total_token_throughput: 75,
      mean_concurrency: 3.5,
      peak_concurrency: 4,
      error_ratio: 0.1,
    });
    expect(result?.distributions['ttft_ms']).toEqual({
      count: 8,
      mean: 45,
      std: 2,
      min: 42,
      max: 50,
      p50: 45,
      p75: 46,
      p90: 47,
      p95: 48,
      p99: 49,
      p999: 50,
      extraPercentiles: { '0.1': 42, '1': 42, '5': 43, '10': 43, '25': 44 },
    });
    expect(result?.distributions['e2el_ms']).toMatchObject({ mean: 12_000, p99: 16_000 });
    expect(result?.requestRate).toBeUndefined();
  });

  it('keeps what means something else under its own name: its TPOT, which includes the TTFT, and its weighted ITL', () => {
    const [result] = read(GUIDELLM);
    expect(result?.distributions['itl_ms']).toEqual({ mean: 20 });
    expect(result?.distributions).not.toHaveProperty('tpot_ms');
    expect(result?.missing).toEqual(['tpot_ms', 'icl_ms']);
    expect(result?.native).toMatchObject({ metrics: { time_per_output_token_ms: { successful: { mean: 30 } } } });
    expect(result?.native).not.toHaveProperty('requests');
  });

  it('gives the TPOT where every request had as many tokens, so that nothing is weighted', () => {
    const metrics = { ...guidellmMetrics(), output_token_count: byStatus(summary(50, { min: 50, max: 50 })) };
    const [result] = read({ ...GUIDELLM, benchmarks: [{ ...BENCHMARK, metrics }] });
    expect(result?.distributions['tpot_ms']).toMatchObject({ mean: 20, p99: 24 });
    expect(result?.missing).toEqual(['icl_ms']);
  });

  it('is read of an older version, each strategy of a sweep for itself', () => {
    const results = parseGuidellmJson(JSON.stringify(OLD_GUIDELLM));
    expect(results.map(({ model, maxConcurrency, requestRate }) => [model, maxConcurrency, requestRate])).toEqual([
      ['org/old', 1, undefined],
      ['org/old', 512, 'inf'],
      ['org/old', undefined, 2.5],
    ]);
    expect(results[0]).toMatchObject({ durationS: 20, counts: { ok: 8, failed: 0, cancelled: 0 }, scalars: { output_throughput: 20 } });
  });

  it('says which benchmarks cannot be read, and that its schema is a later one', () => {
    const [result, ...more] = read({ metadata: { ...GUIDELLM.metadata, version: 9 }, benchmarks: [BENCHMARK, { type_: 'x' }, null] });
    expect(more).toEqual([]);
    expect(result?.problems).toEqual([
      '2 of 3 benchmarks cannot be read: no metrics',
      'report schema 9 is later than the last that is known (2)',
    ]);
  });

  it('without a benchmark holds no result, and a list of that name alone is none', () => {
    expect(() => read({ ...GUIDELLM, benchmarks: [] })).toThrow('holds no benchmark result');
    expect(() => read({ benchmarks: [{ name: 'sort', metrics: { ops: 3 } }] })).toThrow('is not a benchmark result');
  });

  it('takes no member of every object for a statistic', () => {
    const odd = summary(45, { percentiles: { p99: 49, constructor: 1, toString: 2, p1000000: 3 } });
    const metrics = { ...guidellmMetrics(), time_to_first_token_ms: byStatus(odd) };
    const [result] = read({ ...GUIDELLM, benchmarks: [{ ...BENCHMARK, metrics }] });
    expect(Object.keys(result?.distributions['ttft_ms'] ?? {})).toEqual(['mean', 'std', 'min', 'max', 'p50', 'p99', 'count']);
  });

  it('has no figures of what never occurred', () => {
    const metrics = { ...guidellmMetrics(), time_to_first_token_ms: byStatus(summary(0, { count: 0 })) };
    const [result] = read({ ...GUIDELLM, benchmarks: [{ ...BENCHMARK, metrics, duration: 0 }] });
    expect(result?.distributions).not.toHaveProperty('ttft_ms');
    expect(result?.problems).toEqual(['the duration is 0 s']);
    expect(result?.scalars).not.toHaveProperty('output_throughput');
  });
});
