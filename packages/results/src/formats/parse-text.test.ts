import { BenchError } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResultText, parseSglangText, parseVllmText } from '../index.ts';
import { SGLANG_FULL, SGLANG_OLD, VLLM_FULL, VLLM_OLD, VLLM_POOLING, VLLM_RUST } from './testing/blocks.ts';

const only = (text: string) => {
  const results = parseResultText(text);
  expect(results).toHaveLength(1);
  return results[0] as (typeof results)[number];
};

describe('vLLM blocks', () => {
  it('of 2024 are read, and lack what they lack', () => {
    expect(only(VLLM_OLD)).toEqual({
      tool: 'vllm',
      format: 'text',
      kind: 'serve',
      durationS: 51.87,
      scalars: {
        total_input_tokens: 42659,
        total_output_tokens: 43516,
        request_throughput: 3.86,
        output_throughput: 838.94,
        total_token_throughput: 1661.36,
      },
      distributions: {
        ttft_ms: { mean: 82.16, p50: 68.99, p99: 201.05 },
        tpot_ms: { mean: 19.45, p50: 19.2, p99: 35.61 },
        icl_ms: { mean: 18.91, p50: 16.02, p99: 95.33 },
      },
      counts: { ok: 200 },
      native: expect.objectContaining({ 'Total Token throughput (tok/s)': 1661.36, 'Mean TTFT (ms)': 82.16 }),
      missing: ['e2el_ms', 'failed'],
      problems: [],
    });
  });

  it('with everything on are read to the last row', () => {
    const result = only(VLLM_FULL);
    expect(result).toMatchObject({
      kind: 'serve',
      counts: { ok: 100, failed: 25 },
      maxConcurrency: 512,
      requestRate: 7.5,
      scalars: { goodput: 6.4, error_ratio: 0.2, output_throughput: 1024 },
      distributions: {
        ttft_ms: { mean: 50.5, p50: 45.25, p75: 55, p90: 60, p95: 70, p99: 80, p999: 90, extraPercentiles: { '25': 40 } },
        e2el_ms: { mean: 1300, p50: 1250, p99: 2000 },
        queue_ms: { mean: 3, p50: 2, p99: 9 },
        e2el_intended_ms: { mean: 1303, p50: 1252, p99: 2009 },
      },
      missing: [],
    });
    // A peak of 537 under a cap of 512 is an old version's over-count: it is not our peak_concurrency.
    expect(result.scalars).not.toHaveProperty('peak_concurrency');
    expect(result.native).toMatchObject({
      'Peak concurrent requests': 537,
      'RTFx (Inverse Real-Time Factor)': 31.25,
      'Max probe E2EL (ms)': 301,
      'Committed tokens': 12000,
      'Acceptance length': 2.45,
      'Per-position acceptance (%)': '',
      'Position 1': 60,
      'Mean TPOT (ms)': 'nan',
      'P99 TPOT (ms)': 'inf',
    });
    expect(result.distributions['tpot_ms']).toEqual({ p50: 10 });
    expect(result.problems).toEqual(['Mean of tpot_ms is NaN', 'P99 of tpot_ms is Infinity']);
  });

  it('of pooling runs are told apart', () => {
    expect(only(VLLM_POOLING)).toMatchObject({
      kind: 'pooling',
      scalars: { request_throughput: 32, total_token_throughput: 16384, error_ratio: 0 },
      distributions: { e2el_ms: { mean: 31 } },
      native: { 'Input throughput (inputs/s)': 64 },
      missing: [],
      problems: [],
    });
  });

  it('of the Rust client are read by content, not width, and bring their steady state', () => {
    const result = only(VLLM_RUST);
    expect(result).toMatchObject({
      counts: { ok: 1000, failed: 2 },
      scalars: { output_throughput: 5000, request_throughput: 10, steady_output_throughput: 5300 },
      distributions: { ttft_ms: { mean: 100 } },
      problems: [],
    });
    expect(result.native).toMatchObject({
      'Mean TTFT (ms)': 100,
      'Steady-State Metrics / Mean TTFT (ms)': 80,
      'Steady-State Metrics / Window duration (s)': 88,
    });
    const dashed = VLLM_RUST.replace(/=+ Steady-State Metrics =+/, '----------- Steady-State Metrics -----------');
    expect(only(dashed).scalars).toEqual(result.scalars);
    const inside = VLLM_RUST.replace(/={60}\n\n=+ Steady-State Metrics =+/, '---------- Steady-State Metrics ----------');
    expect(only(inside).scalars).toEqual(result.scalars);
  });
});

describe('SGLang blocks', () => {
  it('of 2024 are read, typo and "not set" included', () => {
    const result = only(SGLANG_OLD);
    expect(result).toMatchObject({
      tool: 'sglang',
      kind: 'serve',
      requestRate: 'inf',
      counts: { ok: 32 },
      scalars: { input_throughput: 3276.8, output_throughput: 819.2, total_token_throughput: 4096, mean_concurrency: 15.32 },
      distributions: { e2el_ms: { mean: 4787, p50: 4700 }, icl_ms: { p99: 40 } },
      native: { Backend: 'sglang', 'Max reqeuest concurrency': 'not set', 'Traffic request rate': 'inf' },
      missing: ['failed'],
      problems: [],
    });
    expect(result).not.toHaveProperty('maxConcurrency');
    expect(only(SGLANG_OLD.replace('not set', '16     ')).maxConcurrency).toBe(16);
  });

  it('of today are read to the last row', () => {
    expect(only(SGLANG_FULL)).toMatchObject({
      tool: 'sglang',
      maxConcurrency: 16,
      distributions: {
        icl_ms: { mean: 17.1, p50: 16.5, p90: 20, p95: 25, p99: 40, max: 410 },
        e2el_ms: { p90: 5000, p95: 5100, p99: 5200 },
      },
      native: {
        'Total input vision tokens': 2768,
        'Accept length': 2.71,
        'Total cached tokens': 8192,
        'Device cached tokens': 8192,
        'Cache hit rate': '25.00%',
      },
      problems: [],
    });
  });

  it('are called what the caller says they are', () => {
    expect(parseSglangText(SGLANG_OLD).map((r) => r.tool)).toEqual(['sglang']);
    expect(parseVllmText(VLLM_OLD).map((r) => r.tool)).toEqual(['vllm']);
  });
});

describe('vllm bench latency and throughput', () => {
  it('reads latency in seconds into milliseconds', () => {
    const text =
      'Warming up...\nAvg latency: 1.25 seconds\nStd latency: 0.01 seconds\n10% percentile latency: 1.2 seconds\n50% percentile latency: 1.24 seconds\n99% percentile latency: 1.5 seconds\n';
    expect(only(text)).toMatchObject({
      tool: 'vllm',
      kind: 'latency',
      distributions: { batch_latency_ms: { mean: 1250, std: 10, p50: 1240, p99: 1500, extraPercentiles: { '10': 1200 } } },
      native: { 'Avg latency': 1.25, '99% percentile latency': 1.5 },
      missing: [],
    });
    expect(parseResultText(text + text)).toHaveLength(2);
  });

  it('reads throughput, old and new', () => {
    expect(
      only(
        'Throughput: 8.20 requests/s, 4200.10 total tokens/s, 2100.00 output tokens/s\nTotal num prompt tokens:  2048\nTotal num output tokens:  1024\n',
      ),
    ).toMatchObject({
      kind: 'throughput',
      scalars: {
        request_throughput: 8.2,
        total_token_throughput: 4200.1,
        output_throughput: 2100,
        total_input_tokens: 2048,
        total_output_tokens: 1024,
      },
      missing: [],
    });
    expect(only('Throughput: 8.20 requests/s, 4200.10 tokens/s')).toMatchObject({
      scalars: { request_throughput: 8.2, total_token_throughput: 4200.1 },
      missing: ['output_throughput'],
    });
    expect(() => parseResultText('Throughput: 8.20 MB/s, 3 files/s')).toThrow();
  });
});

describe('blocks amid other output', () => {
  const plain = only(VLLM_FULL);
  const BAR = '\r  0%|          | 0/100 [00:00<?, ?it/s]\r100%|██████████| 100/100 [00:12<00:00,  8.00it/s]';
  const lines = (of: (line: string, i: number) => string) => VLLM_FULL.split('\n').map(of).join('\n');

  it.each([
    ['logs before and after', `INFO 01-01 00:00:00 api.py:1] ready: 5\nmean: 3\n${VLLM_FULL}INFO bye: 7\n`],
    ['CRLF', VLLM_FULL.replaceAll('\n', '\r\n')],
    ['colours', lines((line) => `\u001b[32m${line}\u001b[0m`)],
    ['a title and a link', `\u001b]0;bench\u0007\u001b]8;;http://x\u001b\\x\u001b]8;;\u001b\\\n${VLLM_FULL}`],
    ['a progress bar redrawn before it', `${BAR}\n${VLLM_FULL}`],
    ['a progress bar without an end before it', `${BAR}${VLLM_FULL}`],
    ['the prefix of docker compose logs', lines((line) => `benchmark-1  | ${line}`)],
    [
      'a container and a time before each line',
      lines((line, i) => `2026-01-01T00:00:${String(i % 60).padStart(2, '0')}.123456789Z ${line}`),
    ],
    ['a process before each line', lines((line) => `(Client pid=12) ${line}`)],
    ['other lines in between', lines((line) => `${line}\nINFO: 127.0.0.1:80 - "POST /v1/chat HTTP/1.1" 200 OK\nWARNING something: odd`)],
    ['a progress bar redrawn between its rows', lines((line) => `\r 10%|█         | 1/10 [00:01<00:09,  1.00it/s]\r${line}`)],
    ['no blanks at line ends', lines((line) => line.trimEnd())],
    ['indentation', lines((line) => `    ${line}`)],
  ])('are read the same with %s', (_name, text) => {
    const result = only(text);
    expect(result).toEqual(plain);
  });

  it('are all read, in order, with what follows kept apart', () => {
    const results = parseResultText(`${VLLM_OLD}\nnoise\n${SGLANG_FULL}${VLLM_RUST}`);
    expect(results.map((r) => [r.tool, r.counts.ok])).toEqual([
      ['vllm', 200],
      ['sglang', 32],
      ['vllm', 1000],
    ]);
  });

  it('take the model from the arguments that vLLM prints', () => {
    const args = `Namespace(subparser='bench', bench_type='serve', ${"x='y', ".repeat(900)}model='org/name', tokenizer=None)\n`;
    expect(only(args + VLLM_OLD).model).toBe('org/name');
  });

  it('tell when they are cut, empty, contradictory or no number', () => {
    const half = only(VLLM_FULL.slice(0, 700));
    expect(half.counts).toEqual({ ok: 100, failed: 25 });
    expect(half.problems).toEqual(['the result block has no end: the text may be cut']);
    expect(half.missing).toContain('e2el_ms');
    expect(only(`${VLLM_FULL.slice(0, 700)}\n============ Docker Compose Configuration ============\nservices: 1`).problems).toEqual(
      half.problems,
    );
    expect(only('============ Serving Benchmark Result ============\n').problems).toContain('the result block is empty');
    expect(only(VLLM_OLD.replace('82.16', 'oops ')).problems).toEqual(['"Mean TTFT (ms)" is not a number: oops']);
    expect(only(VLLM_OLD.replace('200  ', '     ')).problems).toEqual(['"Successful requests" is empty']);
    const [head, ...rest] = VLLM_OLD.split('\n');
    expect(only([head, 'Successful requests: 7', ...rest].join('\n')).problems).toEqual([
      '"Successful requests" is there twice: 7 and 200',
    ]);
  });

  it('end where something else begins', () => {
    const result = only(`${VLLM_FULL.slice(0, 700)}\n======== Another Program ========\nFailed requests: 7\nConcurrency: 5\n`);
    expect(result.counts).toEqual({ ok: 100, failed: 25 });
    expect(result.scalars).not.toHaveProperty('mean_concurrency');
  });

  it('keep labels of two sections apart', () => {
    const odd = `${'Samples taken:'.padEnd(40)} 12        `;
    const text = VLLM_OLD.replace(/(-+Time to First Token-+\n)/, `$1${odd}\n`).replace(
      /(-+Inter-token Latency-+\n)/,
      `$1${odd.replace('12', '34')}\n`,
    );
    const result = only(text);
    expect(result.native).toMatchObject({ 'Samples taken': 12, 'Inter-token Latency / Samples taken': 34 });
    expect(result.problems).toEqual([]);
  });

  it('keep rows of a version that is not known yet', () => {
    const text = VLLM_OLD.replace('Benchmark duration', `${'Tokens dreamt of:'.padEnd(40)} 12.50     \nBenchmark duration`);
    expect(only(text).native).toMatchObject({ 'Tokens dreamt of': 12.5 });
  });
});

describe('anything else', () => {
  it.each([
    '',
    '\n\n',
    'hello',
    '==== Result ====\nSuccessful requests: 5\n====',
    'Serving Benchmark Result',
    '\u0000\u0001',
    '{"completed": 5}',
  ])('%j is refused with a hint', (text) => {
    try {
      parseResultText(text);
      expect.unreachable();
    } catch (error) {
      expect(BenchError.is(error) && [error.code, typeof error.hint]).toEqual(['BENCH_NO_RESULT', 'string']);
    }
  });

  it('never makes it throw anything but that, and never an infinite figure', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...VLLM_FULL.split('\n'),
        ...SGLANG_FULL.split('\n'),
        ...VLLM_RUST.split('\n'),
        'Avg latency: inf seconds',
        'Throughput: nan requests/s',
        '__proto__:                                5',
        'constructor:                             5',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          for (const result of parseResultText(pieces.join('\n'))) {
            expect(Object.values(result.scalars).every(Number.isFinite)).toBe(true);
            expect(JSON.parse(JSON.stringify(result))).toEqual(result);
          }
        } catch (error) {
          expect(BenchError.is(error) && error.code).toBe('BENCH_NO_RESULT');
        }
      }),
      { numRuns: 300 },
    );
  });

  // Each of these takes hours when the work grows with the square of the length; the time limit of the test is what fails.
  it.each([
    ['equal signs', '='.repeat(10_000_000)],
    ['header without an end', '='.repeat(5_000_000) + ' Serving Benchmark Result '.repeat(100_000)],
    ['headers', '============ Serving Benchmark Result ============\n'.repeat(100_000)],
    ['colons', `============ Serving Benchmark Result ============\n${': '.repeat(5_000_000)}`],
    ['labels', `============ Serving Benchmark Result ============\n${'Mean TTFT (ms): 5 | '.repeat(500_000)}`],
    ['rows', `============ Serving Benchmark Result ============\n${`${'Mean TTFT (ms):'.padEnd(40)} 1e\n`.repeat(150_000)}`],
    ['dashes', `============ Serving Benchmark Result ============\n${'-'.repeat(10_000_000)}x`],
    ['escapes', '\u001b[0'.repeat(3_000_000)],
    ['unfinished links', '\u001b]8;;'.repeat(2_000_000)],
    ['arguments', "Namespace(model='".repeat(600_000)],
    ['latencies', 'Avg latency: '.repeat(800_000)],
    ['throughputs', 'Throughput: 1 requests/s, '.repeat(400_000)],
    ['blanks', ' '.repeat(10_000_000)],
  ])('takes linear time over ten megabytes of %s', (_name, text) => {
    try {
      expect(parseResultText(text).length).toBeGreaterThan(0);
    } catch (error) {
      expect(BenchError.is(error)).toBe(true);
    }
  });
});
