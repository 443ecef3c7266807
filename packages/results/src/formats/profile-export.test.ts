import { describe, expect, it } from 'vitest';
import { parseAiperfJson, parseGenaiPerfJson, parseResultJson } from '../index.ts';
import { AIPERF, GENAI_PERF } from './testing/exports.ts';

const read = (value: unknown) => parseResultJson(JSON.stringify(value))[0];

describe("an export of AIPerf's", () => {
  it('is read in our names where the meaning is equal', () => {
    const result = read(AIPERF);
    expect(result).toMatchObject({
      tool: 'aiperf',
      kind: 'serve',
      model: 'org/name',
      date: '2026-07-03T05:22:20.808822',
      durationS: 44.5,
      maxConcurrency: 16,
      counts: { ok: 96, failed: 4 },
      missing: [],
      problems: [],
    });
    expect(result?.scalars).toEqual({
      request_throughput: 2.25,
      output_throughput: 1170.5,
      total_token_throughput: 9280.25,
      total_input_tokens: 361_086,
      // With the reasoning tokens, which total_output_tokens leaves out.
      total_output_tokens: 52_187,
      goodput: 2,
      error_ratio: 0.04,
    });
    expect(result?.distributions['ttft_ms']).toEqual({
      count: 96,
      mean: 230,
      min: 220,
      max: 235,
      p50: 229,
      p75: 231,
      p90: 232,
      p95: 233,
      p99: 234,
      extraPercentiles: { '1': 221, '5': 222, '10': 223, '25': 224 },
    });
    expect(Object.fromEntries(Object.entries(result?.distributions ?? {}).map(([name, { mean }]) => [name, mean]))).toEqual({
      e2el_ms: 6700,
      ttft_ms: 230,
      ttfo_ms: 260,
      // What it calls inter-token latency is a mean per request.
      tpot_ms: 12,
      icl_ms: 13,
    });
    expect(result?.native).toHaveProperty('time_to_second_token');
  });

  it('is read of an older version: the load in loadgen, no count of failures where there were none', () => {
    const { schema_version, aiperf_version, error_request_count, total_isl, total_osl, ...rest } = AIPERF;
    const result = read({
      ...rest,
      error_summary: [],
      input_config: { endpoint: { model_names: ['org/old'], type: 'chat' }, loadgen: { request_rate: 4, request_rate_mode: 'poisson' } },
    });
    expect([schema_version, aiperf_version, error_request_count.avg, total_isl.avg, total_osl.avg]).toHaveLength(5);
    expect(result).toMatchObject({ tool: 'aiperf', model: 'org/old', requestRate: 4, counts: { ok: 96, failed: 0 } });
    expect(result?.scalars).toMatchObject({ total_output_tokens: 540 * 96 });
    expect(result?.missing).toEqual(['total_input_tokens']);
  });

  it('says that its run was cancelled, and what is in a unit that is not known', () => {
    const result = read({
      ...AIPERF,
      was_cancelled: true,
      request_latency: { unit: 'fortnights', avg: 1 },
      benchmark_duration: { unit: 'min', avg: 2 },
      time_to_first_token: { unit: 'sec', avg: 0.5, p99: 'many' },
    });
    expect(result?.distributions['ttft_ms']).toEqual({ mean: 500 });
    expect(result?.missing).toEqual(['e2el_ms', 'duration']);
    expect(result?.problems).toEqual([
      'benchmark_duration is in an unknown unit',
      'e2el_ms is in an unknown unit: "fortnights"',
      'p99 of ttft_ms is not a number: "many"',
      'the run was cancelled before its end',
    ]);
  });

  it('is none of genai-perf’s, nor the other way round', () => {
    expect(() => parseGenaiPerfJson(JSON.stringify(AIPERF))).toThrow('no benchmark result');
    expect(() => parseAiperfJson(JSON.stringify(GENAI_PERF))).toThrow('no benchmark result');
  });
});

describe("an export of genai-perf's", () => {
  it('is read, but for its inter-token latency, which meant two things', () => {
    const result = read(GENAI_PERF);
    expect(result).toMatchObject({ tool: 'genai-perf', kind: 'serve', model: 'ensemble', maxConcurrency: 100, counts: { ok: 200 } });
    expect(Object.keys(result?.distributions ?? {})).toEqual(['e2el_ms', 'ttft_ms']);
    expect(result?.distributions['ttft_ms']).toMatchObject({ mean: 184, std: 2, p99: 188 });
    expect(result?.scalars).toMatchObject({ total_input_tokens: 200 * 96, total_output_tokens: 250 * 96 });
    expect(result?.missing).toEqual(['total_token_throughput', 'tpot_ms', 'icl_ms', 'failed', 'duration']);
    expect(result?.native).toHaveProperty('inter_token_latency');
  });

  it('has no time to a first token without streaming, where it repeats the latency', () => {
    const result = read({ ...GENAI_PERF, input_config: { ...GENAI_PERF.input_config, streaming: false } });
    expect(result?.distributions).not.toHaveProperty('ttft_ms');
  });

  it('is read of an early version: nanoseconds, and numbers in strings', () => {
    const result = read({
      request_throughput: { unit: 'requests per sec', avg: '12.25' },
      request_latency: { unit: 'ns', avg: '81694262.5', p99: '101977365.5', std: '15600000' },
      time_to_first_token: { unit: 'ns', avg: '20000000' },
      input_config: { model: ['gpt2'], formatted_model_name: 'gpt2', streaming: true, concurrency: 1 },
    });
    expect(result?.scalars['request_throughput']).toBe(12.25);
    expect(result?.distributions['e2el_ms']?.mean).toBeCloseTo(81.6942625, 9);
    expect(result?.distributions['ttft_ms']?.mean).toBeCloseTo(20, 9);
  });

  it('of a later version has its load below perf_analyzer', () => {
    const input_config = { model_names: ['a', 'b'], endpoint: { streaming: true }, perf_analyzer: { stimulus: { concurrency: 8 } } };
    expect(read({ ...GENAI_PERF, input_config })).toMatchObject({ model: 'a', maxConcurrency: 8 });
  });
});
