import { BenchError } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeplodockTasks, parseResultJson, parseSglangJson, parseVllmJson } from '../index.ts';

const only = (value: unknown) => {
  const results = parseResultJson(typeof value === 'string' ? value : JSON.stringify(value));
  expect(results).toHaveLength(1);
  return results[0] as (typeof results)[number];
};

const VLLM = {
  date: '20260309-053743',
  endpoint_type: 'openai',
  backend: 'openai',
  label: null,
  model_id: 'org/name',
  tokenizer_id: 'org/name',
  num_prompts: 10,
  team: 'metadata of the user',
  request_rate: 'inf',
  burstiness: 1.0,
  max_concurrency: 4,
  duration: 2.5,
  completed: 9,
  failed: 1,
  total_input_tokens: 900,
  total_output_tokens: 450,
  request_throughput: 3.6,
  request_goodput: null,
  output_throughput: 180,
  total_token_throughput: 540,
  max_output_tokens_per_s: 300,
  max_concurrent_requests: 5,
  mean_ttft_ms: 50,
  median_ttft_ms: 45,
  std_ttft_ms: 5,
  p99_ttft_ms: 80,
  'p99.9_ttft_ms': 90,
  p25_ttft_ms: 40,
  mean_tpot_ms: 10,
  median_tpot_ms: 10,
  std_tpot_ms: 1,
  p99_tpot_ms: 12,
  mean_itl_ms: 9,
  median_itl_ms: 9,
  std_itl_ms: 1,
  p99_itl_ms: 20,
  mean_e2el_ms: 540,
  median_e2el_ms: 530,
  std_e2el_ms: 20,
  p99_e2el_ms: 600,
  mean_client_queue_time_ms: 3,
  median_client_queue_time_ms: 2,
  p99_client_queue_time_ms: 9,
  mean_e2el_including_client_queue_ms: 543,
  p99_e2el_including_client_queue_ms: 609,
};

const SGLANG = {
  tag: null,
  backend: 'sglang',
  dataset_name: 'random',
  request_rate: 'REPLACED',
  max_concurrency: null,
  sharegpt_output_len: null,
  random_input_len: 1024,
  random_output_len: 256,
  random_range_ratio: 1.0,
  server_info: { model_path: 'org/name', tp_size: 1 },
  duration: 10,
  completed: 32,
  total_input_tokens: 32768,
  total_output_tokens: 8192,
  total_output_tokens_retokenized: 8101,
  request_throughput: 3.2,
  input_throughput: 3276.8,
  output_throughput: 819.2,
  total_throughput: 4096,
  mean_e2e_latency_ms: 4787,
  median_e2e_latency_ms: 4700,
  std_e2e_latency_ms: 100,
  p99_e2e_latency_ms: 5200,
  mean_ttft_ms: 300,
  median_ttft_ms: 280,
  std_ttft_ms: 90,
  p99_ttft_ms: 600,
  mean_tpot_ms: 17,
  median_tpot_ms: 16.9,
  std_tpot_ms: 1,
  p99_tpot_ms: 19,
  mean_itl_ms: 17.1,
  median_itl_ms: 16.5,
  std_itl_ms: 3,
  p95_itl_ms: 25,
  p99_itl_ms: 40,
  concurrency: 15.32,
  accept_length: null,
  cache_report: { total_prompt_tokens: 32768, total_cached_tokens: 8192, cache_hit_rate_pct: 25 },
};
const sglangLine = JSON.stringify(SGLANG).replace('"REPLACED"', 'Infinity');

describe('vLLM JSON', () => {
  it('is read in our names, with every field kept', () => {
    expect(only(VLLM)).toEqual({
      tool: 'vllm',
      format: 'json',
      kind: 'serve',
      model: 'org/name',
      date: '20260309-053743',
      durationS: 2.5,
      maxConcurrency: 4,
      requestRate: 'inf',
      counts: { ok: 9, failed: 1 },
      scalars: {
        request_throughput: 3.6,
        output_throughput: 180,
        total_token_throughput: 540,
        total_input_tokens: 900,
        total_output_tokens: 450,
        error_ratio: 0.1,
      },
      distributions: {
        ttft_ms: { mean: 50, p50: 45, std: 5, p99: 80, p999: 90, extraPercentiles: { '25': 40 } },
        tpot_ms: { mean: 10, p50: 10, std: 1, p99: 12 },
        icl_ms: { mean: 9, p50: 9, std: 1, p99: 20 },
        e2el_ms: { mean: 540, p50: 530, std: 20, p99: 600 },
        queue_ms: { mean: 3, p50: 2, p99: 9 },
        e2el_intended_ms: { mean: 543, p99: 609 },
      },
      native: VLLM,
      missing: [],
      problems: [],
    });
  });

  it('knows the stray colon, the old endpoint keys, and the goodput of today', () => {
    const { request_goodput: _g, backend: _b, failed: _f, ...old } = VLLM;
    expect(only({ ...old, 'request_goodput:': 2.5 })).toMatchObject({ scalars: { goodput: 2.5 }, missing: ['failed'] });
    expect(only({ ...VLLM, request_goodput: 1.5 }).scalars['goodput']).toBe(1.5);
    const { endpoint_type: _e, ...oldest } = VLLM;
    expect(only(oldest).tool).toBe('vllm');
  });

  it('counts failures from the lists of --save-detailed where no figure says so', () => {
    const { failed: _f, ...rest } = VLLM;
    expect(only({ ...rest, errors: ['', 'timed out', ''] }).counts).toEqual({ ok: 9, failed: 1 });
    expect(
      only({
        ...rest,
        failed_requests: [
          { index: 3, error: 'x' },
          { index: 4, error: 'y' },
        ],
      }).counts.failed,
    ).toBe(2);
  });

  it('reads pretty printing, one a line, end to end, and lists', () => {
    const pretty = JSON.stringify(VLLM, null, 2);
    expect(only(pretty).format).toBe('json');
    const appended = parseVllmJson(`${JSON.stringify(VLLM)}\n${JSON.stringify({ ...VLLM, completed: 8 })}\n`);
    expect(appended.map((r) => [r.format, r.counts.ok])).toEqual([
      ['jsonl', 9],
      ['jsonl', 8],
    ]);
    expect(parseVllmJson(JSON.stringify(VLLM).repeat(3))).toHaveLength(3);
    expect(parseVllmJson(`[${pretty},${pretty}]`)).toHaveLength(2);
    expect(parseVllmJson(`Saving results…\n${pretty}\ndone`)).toHaveLength(1);
  });

  it('keeps NaN and Infinity as words, and says which figures they were', () => {
    const text = JSON.stringify({ ...VLLM, mean_tpot_ms: '@', p99_itl_ms: '#', label: 'an odd " quote { then NaN' })
      .replace('"@"', 'NaN')
      .replace('"#"', '-Infinity');
    const result = only(text);
    expect(result.native).toMatchObject({ mean_tpot_ms: 'NaN', p99_itl_ms: '-Infinity', label: 'an odd " quote { then NaN' });
    expect(result.problems).toEqual(['mean of tpot_ms is NaN', 'p99 of icl_ms is -Infinity']);
    expect(result.distributions['tpot_ms']).toEqual({ p50: 10, std: 1, p99: 12 });
  });

  it('reads the steady state and the speculation of newer clients', () => {
    const result = only({
      ...VLLM,
      steady_state: { window: { duration_s: 90 }, output_throughput: 200 },
      spec_decode_acceptance_rate: 72.5,
      probe_median_e2el_ms: 250,
    });
    expect(result.scalars['steady_output_throughput']).toBe(200);
    expect(result.native).toMatchObject({ spec_decode_acceptance_rate: 72.5, probe_median_e2el_ms: 250 });
    expect(result.problems).toEqual([]);
  });

  it('reads pooling, latency and throughput', () => {
    const pooling = only({
      duration: 2,
      completed: 64,
      total_input_tokens: 32768,
      request_throughput: 32,
      total_token_throughput: 16384,
      input_lens: [512],
      latencies: [0.03],
      queue_times: [0],
      errors: [''],
      mean_e2el_ms: 31,
      median_e2el_ms: 30,
      p99_e2el_ms: 45,
    });
    expect(pooling).toMatchObject({
      kind: 'pooling',
      counts: { ok: 64, failed: 0 },
      distributions: { e2el_ms: { mean: 31 } },
      missing: [],
    });
    expect(
      only({ avg_latency: 1.25, std_latency: 0.25, latencies: [1, 1.5], percentiles: { '10': 1.1, '50': 1.25, '99': 1.5 } }),
    ).toMatchObject({
      kind: 'latency',
      distributions: {
        batch_latency_ms: { mean: 1250, std: 250, p50: 1250, p99: 1500, min: 1000, max: 1500, count: 2, extraPercentiles: { '10': 1100 } },
      },
      missing: [],
      problems: [],
    });
    expect(
      only({ elapsed_time: 10, num_requests: 82, total_num_tokens: 42001, requests_per_second: 8.2, tokens_per_second: '4200.10' }),
    ).toMatchObject({
      kind: 'throughput',
      durationS: 10,
      counts: { ok: 82 },
      scalars: { request_throughput: 8.2, total_token_throughput: 4200.1 },
      missing: ['output_throughput'],
    });
  });
});

describe('SGLang JSONL', () => {
  it('is read, its bare Infinity included', () => {
    const result = only(sglangLine);
    expect(result).toMatchObject({
      tool: 'sglang',
      format: 'jsonl',
      kind: 'serve',
      model: 'org/name',
      requestRate: 'inf',
      durationS: 10,
      counts: { ok: 32 },
      scalars: { total_token_throughput: 4096, input_throughput: 3276.8, mean_concurrency: 15.32, cached_ratio: 0.25 },
      distributions: { e2el_ms: { mean: 4787, p50: 4700, std: 100, p99: 5200 }, icl_ms: { p95: 25, p99: 40 } },
      native: { request_rate: 'Infinity', tag: null },
      missing: ['failed'],
      problems: [],
    });
    expect(result).not.toHaveProperty('maxConcurrency');
  });

  it('is read line by line; rates of traces are no numbers', () => {
    const lines = [sglangLine, sglangLine.replace('Infinity', '4.0'), sglangLine.replace('Infinity', '"trace"')].join('\n');
    expect(parseSglangJson(lines).map((r) => r.requestRate)).toEqual(['inf', 4, undefined]);
  });

  it('that is cut, in the middle or at the end, gives the other lines and says so', () => {
    const lines = parseSglangJson([sglangLine, sglangLine.slice(0, 333), sglangLine, sglangLine.slice(0, 120)].join('\n'));
    expect(lines).toHaveLength(2);
    expect(lines[1]?.problems).toEqual([expect.stringContaining('has no end'), expect.stringContaining('has no end')]);
  });
});

describe('anything else', () => {
  it.each([
    '',
    'x',
    '{}',
    '[]',
    '[1, 2]',
    '{"a":',
    '"completed"',
    'null',
    '{"completed"}',
    '[[[[[[',
    '}{',
    '{"completed":1',
    '{"completed":1}',
    '{"avg_latency":"x"}',
  ])('%j is refused with a hint', (text) => {
    for (const parse of [parseResultJson, parseVllmJson, parseSglangJson, parseDeplodockTasks]) {
      if (parse === parseDeplodockTasks && text.startsWith('[') && text.endsWith(']')) continue;
      try {
        parse(text);
        expect.unreachable();
      } catch (error) {
        expect(BenchError.is(error) && [error.code, typeof error.hint]).toEqual(['BENCH_NO_RESULT', 'string']);
      }
    }
  });

  it('is named beside what could be read', () => {
    expect(only(`${JSON.stringify(VLLM)}\n{"some": "thing"}\n{"bad": tru}\n`).problems).toEqual([
      expect.stringMatching(/character \d+/),
      'JSON value 2 is not a benchmark result',
    ]);
    expect(only({ ...VLLM, output_throughput: 'fast', mean_ttft_ms: [1] }).problems).toEqual([
      'output_throughput is not a number: "fast"',
      'mean_ttft_ms is not a number: [1]',
    ]);
  });

  it('never makes it throw anything but that, whatever the values of known keys', () => {
    const keys = fc.constantFrom(
      ...Object.keys(VLLM),
      ...Object.keys(SGLANG),
      'avg_latency',
      'percentiles',
      'latencies',
      'requests_per_second',
      'elapsed_time',
      'errors',
      'metrics',
      'task',
      'steady_state',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, fc.jsonValue()), { maxLength: 30 }), fc.nat(400), (entries, cut) => {
        const text = JSON.stringify(Object.fromEntries([['completed', 1] as [string, unknown], ['duration', 2], ...entries]));
        for (const version of [text, text.slice(0, cut), text + text]) {
          try {
            for (const result of parseResultJson(version))
              expect([...Object.values(result.scalars), ...Object.values(result.counts)].every(Number.isFinite)).toBe(true);
          } catch (error) {
            expect(BenchError.is(error) && error.code).toBe('BENCH_NO_RESULT');
          }
        }
      }),
    );
  });

  it.each([
    ['brackets', '['.repeat(4_000_000)],
    ['braces on lines', '{\n'.repeat(1_000_000)],
    ['quotes', '{"'.repeat(2_000_000)],
    ['objects', '{}\n'.repeat(300_000)],
    ['literals', `[${'NaN,'.repeat(500_000)}0]`],
    ['backslashes', `{"${'\\'.repeat(4_000_000)}`],
    ['pairs', '[]'.repeat(500_000)],
  ])('takes linear time over megabytes of %s', (_name, text) => {
    expect(() => parseResultJson(text)).toThrowError(expect.objectContaining({ code: 'BENCH_NO_RESULT' }));
  });
});

describe('parseDeplodockTasks', () => {
  it('reads the older manifest, and what is odd in it', () => {
    const json = JSON.stringify({
      code_hash: 'abc',
      timestamp: '2026-02-01',
      tasks: [{ variant: 'rtx5090_c16', gpu_count: '2', result_file: 'a.txt', extra: 1 }, 7],
    });
    expect(parseDeplodockTasks(json)).toEqual({
      tasks: [
        {
          variant: 'rtx5090_c16',
          gpuCount: 2,
          resultFile: 'a.txt',
          native: { variant: 'rtx5090_c16', gpu_count: '2', result_file: 'a.txt', extra: 1 },
        },
      ],
      manifest: { code_hash: 'abc', timestamp: '2026-02-01' },
      problems: ['task 2 is not an object'],
    });
    expect(parseDeplodockTasks('[]').tasks).toEqual([]);
  });
});
