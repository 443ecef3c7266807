import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResultJson, parseResultText, renderVllmJson, renderVllmText } from '../index.ts';
import { pointWith, recordWith } from './testing/points.ts';
import { VLLM_ROWS, VLLM_SECTIONS } from './vllm-layout.ts';

const data = join(
  process.env['BENCH_TEST_DATA'] ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../../shared/data'),
  'cloudrift/results',
);

/** The block's figures under the keys of the JSON. */
function keysOf(native: Record<string, unknown>): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const { key, label } of VLLM_ROWS) if (typeof native[label] === 'number') figures[key] = native[label];
  for (const { key, label } of VLLM_SECTIONS) {
    for (const statistic of ['Mean', 'Median', 'P99']) {
      const value = native[`${statistic} ${label} (ms)`];
      if (typeof value === 'number') figures[`${statistic.toLowerCase()}_${key}_ms`] = value;
    }
  }
  return figures;
}

const FIGURES = {
  duration: 430.594,
  total_input_tokens: 320000,
  total_output_tokens: 320000,
  request_throughput: 0.0929,
  output_throughput: 743.162,
  total_token_throughput: 1486.324,
  max_output_tokens_per_s: 827,
  max_concurrent_requests: 9,
  mean_ttft_ms: 847.125,
  median_ttft_ms: 925.36,
  std_ttft_ms: 3,
  p99_ttft_ms: 1586.8,
  'p99.9_ttft_ms': 1600,
  p90_ttft_ms: 1500,
  mean_tpot_ms: 10.665,
  median_tpot_ms: 10.65,
  p99_tpot_ms: 10.75,
  mean_itl_ms: 10.66,
  median_itl_ms: 10.6,
  p99_itl_ms: 11.49,
  mean_e2el_ms: 85000,
  median_e2el_ms: 84000,
  p99_e2el_ms: 90000,
};

describe('renderVllmText', () => {
  it.skipIf(!existsSync(data))('writes recorded blocks again, byte for byte', () => {
    for (const folder of ['vllm_sweep_b200', 'sglang_sweep_b200', 'summary_01_2026']) {
      for (const name of readdirSync(join(data, folder)).filter((f) => f.endsWith('.txt'))) {
        const text = readFileSync(join(data, folder, name), 'utf8');
        const from = text.indexOf('============ Serving');
        const rule = `\n${'='.repeat(50)}\n`;
        const block = text.slice(from, text.indexOf(rule, from) + rule.length);
        // One file lost the blanks at the end of a line, by an editor.
        const written = name.startsWith('h100_x_8_cpatonn') ? (s: string) => s.replace(/ +$/gm, '') : (s: string) => s;
        expect(written(renderVllmText(pointWith(keysOf(parseResultText(text)[0]?.native ?? {}))))).toBe(written(block));
      }
    }
  });

  it('has the layout of vLLM: 50 wide, labels to 40, values to 10, percentiles in order', () => {
    const lines = renderVllmText(pointWith(FIGURES)).split('\n');
    expect(lines[0]).toBe('============ Serving Benchmark Result ============');
    expect(lines).toContain('Benchmark duration (s):                  430.59    ');
    expect(lines).toContain('Total input tokens:                      320000    ');
    expect(lines).toContain('Peak concurrent requests:                9.00      ');
    expect(lines).toContain('---------------Time to First Token----------------');
    expect(lines).toContain('-----Time per Output Token (excl. 1st token)------');
    expect(lines.filter((l) => l.includes('TTFT')).map((l) => l.split(':')[0])).toEqual([
      'Mean TTFT (ms)',
      'Median TTFT (ms)',
      'P90 TTFT (ms)',
      'P99 TTFT (ms)',
      'P99.9 TTFT (ms)',
    ]);
    expect(lines.slice(-2)).toEqual(['='.repeat(50), '']);
    expect(new Set(lines.filter((l) => /^[=-]/.test(l)).map((l) => l.length))).toEqual(new Set([50]));
  });

  it('rounds as Python does, ties to even', () => {
    const shown = (value: number) => /Mean TTFT \(ms\): +(\S+)/.exec(renderVllmText(pointWith({ mean_ttft_ms: value })))?.[1];
    // python3: ["%.2f" % v for v in (0.125, 0.375, 847.125, 2.675, 1.005, 0, 1e9 + 0.625, 0.995)]
    expect([0.125, 0.375, 847.125, 2.675, 1.005, 0, 1e9 + 0.625, 0.995].map(shown)).toEqual([
      '0.12',
      '0.38',
      '847.12',
      '2.67',
      '1.00',
      '0.00',
      '1000000000.62',
      '0.99',
    ]);
  });

  it('shows the rate of an open loop, and no cap where there is none', () => {
    const text = renderVllmText(pointWith({}, { arrival: { kind: 'poisson', ratePerS: 7.5 }, maxConcurrency: null }));
    expect(text).toContain('Request rate configured (RPS):           7.50      \n');
    expect(text).not.toContain('concurrency');
    expect(text).toContain('Failed requests:                         1         \n');
  });

  it.each([
    ['completions', 'openai'],
    ['rerank', 'vllm-rerank'],
    ['messages', 'messages'],
  ] as const)('calls %s what vLLM calls it, where it has a name for it', (api, name) => {
    const json = JSON.parse(renderVllmJson({ point: pointWith(FIGURES, { api }), model: 'm' })) as Record<string, unknown>;
    expect([json.endpoint_type, json.backend]).toEqual([name, name]);
  });

  it('writes embeddings as vLLM writes pooling runs: nothing about output', () => {
    const text = renderVllmText(pointWith({ ...FIGURES, total_output_tokens: 0, output_throughput: 0 }, { api: 'embeddings' }));
    expect(text).not.toMatch(/generated|Output|output|TTFT|TPOT|ITL/);
    expect(parseResultText(text)).toMatchObject([
      { kind: 'pooling', distributions: { e2el_ms: { mean: 85000 } }, missing: [], problems: [] },
    ]);
  });

  it('is read back to the same figures, within what it prints', () => {
    const figure = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(Object.keys(FIGURES).map((k) => [k, k.endsWith('tokens') ? fc.nat(1e9) : figure])), {
          requiredKeys: [],
        }),
        (figures) => {
          const point = pointWith(figures as Record<string, number>);
          const [result] = parseResultText(renderVllmText(point));
          expect(result?.problems).toEqual([]);
          expect(result?.counts).toEqual({ ok: 40, failed: 1 });
          expect(result?.maxConcurrency).toBe(8);
          const close = (actual: number | undefined, key: string) => {
            const expected = (figures as Record<string, number>)[key];
            if (expected === undefined) expect(actual).toBeUndefined();
            else expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(0.0051);
          };
          for (const key of [
            'request_throughput',
            'output_throughput',
            'total_token_throughput',
            'total_input_tokens',
            'total_output_tokens',
          ])
            close(result?.scalars[key], key);
          for (const { key, ours } of VLLM_SECTIONS) {
            close(result?.distributions[ours]?.mean, `mean_${key}_ms`);
            close(result?.distributions[ours]?.p50, `median_${key}_ms`);
            close(result?.distributions[ours]?.p99, `p99_${key}_ms`);
          }
          close(result?.distributions['ttft_ms']?.p999, 'p99.9_ttft_ms');
        },
      ),
    );
  });
});

describe('renderVllmJson', () => {
  const records = [
    recordWith({ index: 0, phase: 'warmup' }),
    recordWith({
      index: 2,
      status: 'failed',
      firstEventMs: null,
      lastTokenMs: null,
      outputTokens: null,
      error: { class: 'timeout', message: 'after 600 s' },
      sentMs: 20,
      intendedMs: 15,
    }),
    recordWith({
      index: 1,
      sentMs: 10,
      intendedMs: 10,
      firstEventMs: 60,
      firstTokenMs: 62,
      lastTokenMs: 506,
      lastEventMs: 510,
      eventsAfter: 1,
    }),
  ];
  const gaps = [{ index: 1, gapsMs: new Float32Array([10.5, 20.25]) }];

  it('writes vLLM’s keys on one line, aggregates in milliseconds, without lists unless records are given', () => {
    const text = renderVllmJson({ point: pointWith(FIGURES), model: 'org/name', metadata: { team: 'x' } });
    expect(text).not.toContain('\n');
    const json = JSON.parse(text) as Record<string, unknown>;
    expect(json).toEqual({
      date: '20260309-053743',
      endpoint_type: 'openai-chat',
      backend: 'openai-chat',
      label: null,
      model_id: 'org/name',
      tokenizer_id: 'org/name',
      num_prompts: 41,
      team: 'x',
      request_rate: 'inf',
      burstiness: 1,
      max_concurrency: 8,
      completed: 40,
      failed: 1,
      request_goodput: null,
      ...FIGURES,
    });
  });

  it('writes the lists of --save-detailed in seconds, measured requests in order, failed ones as zeros', () => {
    const json = JSON.parse(renderVllmJson({ point: pointWith(FIGURES), model: 'm', records, gaps })) as Record<string, unknown>;
    expect(json).toMatchObject({
      input_lens: [100, 100],
      output_lens: [50, 0],
      ttfts: [0.05, 0],
      itls: [[0.002, 0.0105, 0.02025, 0.004], []],
      start_times: [0.01, 0.02],
      errors: ['', 'timeout: after 600 s'],
      latencies: [0.5, 0],
      queue_times: [0, 0.005],
    });
  });

  it('is read back by our reader, open loops and goodput too', () => {
    const point = pointWith(
      { ...FIGURES, request_goodput: 0.05 },
      { arrival: { kind: 'gamma', ratePerS: 7.5, burstiness: 0.5 }, maxConcurrency: null, api: 'completions' },
    );
    const [result, ...others] = parseResultJson(renderVllmJson({ point, model: 'org/name', records, gaps }));
    expect(others).toEqual([]);
    expect(result).toMatchObject({
      tool: 'vllm',
      kind: 'serve',
      model: 'org/name',
      requestRate: 7.5,
      durationS: 430.594,
      counts: { ok: 40, failed: 1 },
      scalars: { goodput: 0.05, output_throughput: 743.162 },
      distributions: { ttft_ms: { mean: 847.125, p50: 925.36, std: 3, p90: 1500, p99: 1586.8, p999: 1600 } },
      native: { endpoint_type: 'openai', burstiness: 0.5, max_concurrency: null },
      missing: [],
      problems: [],
    });
  });
});

it('tells of conversations behind the block, which stays readable', () => {
  const turns = (sent: number, tokens: number) => ({
    counts: { sent, ok: sent, failed: 0, cancelled: 0 },
    scalars: { mean_input_tokens: tokens, cached_ratio: 0.5 },
    distributions: {},
  });
  const plain = pointWith(FIGURES);
  const point = {
    ...plain,
    conversations: {
      asked: 9,
      finished: 7,
      broken: 2,
      cut: 0,
      turnsNotSent: { failed: 3, givenUp: 0, ended: 0 },
      turns: { first: turns(9, 30), later: turns(24, 56.25) },
    },
  };
  const text = renderVllmText(point);
  expect(text.startsWith(renderVllmText(plain))).toBe(true);
  expect(
    text
      .slice(renderVllmText(plain).length)
      .split('\n')
      .map((line) => line.replace(/ {2,}/g, ' | ')),
  ).toEqual([
    '9 conversations: 7 finished, 2 broken, 0 cut; turns not sent: 3 after a failure',
    ' | requests | tokens in | cached | TTFT p50 | TTFT p99 | E2EL p50',
    'first turns | 9 | 30.0 | 50.0 % | - | - | -',
    'later turns | 24 | 56.3 | 50.0 % | - | - | -',
    '',
  ]);
  expect(parseResultText(text)).toEqual(parseResultText(renderVllmText(plain)));
});

it('tells of the steady state beside the whole run behind the block, which stays readable', () => {
  const plain = pointWith(FIGURES);
  const { ttft_ms: _, ...distributions } = plain.distributions;
  const ttft = { count: 5, mean: 1, std: 0, min: 1, max: 1, p50: 12.5, p75: 1, p90: 1, p95: 1, p99: 40, p999: 1 };
  const point = {
    ...plain,
    counts: { sent: 9, ok: 9, failed: 0, cancelled: 0, warmup: 0 },
    scalars: { request_throughput: 10, output_throughput: 100.25 },
    distributions,
  };
  const steady = {
    fromMs: 160,
    toMs: 9870,
    counts: { sent: 5, ok: 5, failed: 0, cancelled: 0 },
    scalars: { request_throughput: 12.5 },
    distributions: { ttft_ms: ttft },
  };
  const without = renderVllmText(point);
  const text = renderVllmText({ ...point, steady });
  expect(text.startsWith(without)).toBe(true);
  const lines = text.slice(without.length).split('\n');
  expect(lines.slice(0, 6).map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    'steady from 0.2 s to 9.9 s, 5 of 9 requests; the headline is the whole run',
    ' | whole run | steady',
    'req/s | 10.00 | 12.50',
    'out tok/s | 100.25 | -',
    'TTFT p50, ms | - | 12.50',
    'TTFT p99, ms | - | 40.00',
  ]);
  expect(parseResultText(text)).toEqual(parseResultText(without));
});
