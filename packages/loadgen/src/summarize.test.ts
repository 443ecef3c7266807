import { loadSpecSchema, type LoadSpecInput, type RequestRecord, requestRecord } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { buildSeries, summarizeRecords, type GapList } from './index.ts';

const load = (input: Partial<LoadSpecInput> = {}) =>
  loadSpecSchema.parse({
    maxConcurrency: 2,
    numPrompts: 3,
    data: { kind: 'random', inputTokens: { min: 100, max: 100 }, outputTokens: { min: 5, max: 5 } },
    ...input,
  });

const record = (over: Partial<RequestRecord>): RequestRecord =>
  requestRecord({
    index: 0,
    sentMs: 0,
    intendedMs: 0,
    promptTokens: 100,
    promptTokenSource: 'server_usage',
    outputTokenSource: 'server_usage',
    requestedPromptTokens: 100,
    requestedOutputTokens: 5,
    finishReason: 'length',
    connection: 'new',
    httpStatus: 200,
    ...over,
  });

/** Two streams and one failure, small enough to work out by hand. */
const records: RequestRecord[] = [
  record({ index: 0, phase: 'warmup', sentMs: -900, firstTokenMs: -800, lastTokenMs: -700, endMs: -700, chunks: 2, outputTokens: 5 }),
  record({
    index: 1,
    intendedMs: 0,
    sentMs: 10,
    firstByteMs: 20,
    firstEventMs: 30,
    firstTokenMs: 110,
    firstAnswerMs: 210,
    lastTokenMs: 510,
    endMs: 520,
    chunks: 5,
    reads: 5,
    outputTokens: 5,
    cachedTokens: 0,
  }),
  record({
    index: 2,
    intendedMs: 0,
    sentMs: 20,
    firstByteMs: 30,
    firstEventMs: 220,
    firstTokenMs: 220,
    firstAnswerMs: 220,
    lastTokenMs: 620,
    endMs: 620,
    chunks: 3,
    reads: 3,
    outputTokens: 5,
    cachedTokens: 50,
  }),
  record({
    index: 3,
    status: 'failed',
    intendedMs: 520,
    sentMs: 520,
    endMs: 1020,
    httpStatus: 500,
    error: { class: 'http_5xx', message: 'x' },
  }),
];
const gaps: GapList[] = [
  { index: 1, gapsMs: Float32Array.of(100, 100, 100, 100) },
  { index: 2, gapsMs: Float32Array.of(200, 200) },
  { index: 3, gapsMs: new Float32Array(0) },
];
const base = { records, gaps, startedAt: '2026-01-01T00:00:00.000Z', client: null };

describe('summarizeRecords', () => {
  const summary = summarizeRecords({ ...base, load: load({ slo: { ttftMs: 150 } }) });

  it('counts measured requests only', () => {
    expect(summary.counts).toEqual({ sent: 3, ok: 2, failed: 1, cancelled: 0, warmup: 1 });
    expect(summary.errors).toEqual({ http_5xx: 1 });
    expect(summary.durationS).toBeCloseTo(1.01, 12);
  });

  it('has the distributions that the definitions say', () => {
    const mean = Object.fromEntries(Object.entries(summary.distributions).map(([name, d]) => [name, d.mean]));
    expect(mean.ttfb_ms).toBeCloseTo(10);
    expect(mean.ttft_ms).toBeCloseTo((100 + 200) / 2);
    expect(mean.ttfo_ms).toBeCloseTo((200 + 200) / 2);
    expect(mean.tpot_ms).toBeCloseTo((400 / 4 + 400 / 4) / 2);
    // Four gaps of one token each, two gaps of two tokens each: 100 ms a token, eight tokens.
    expect(mean.itl_ms).toBeCloseTo(100);
    expect(summary.distributions.itl_ms?.count).toBe(8);
    expect(mean.icl_ms).toBeCloseTo((4 * 100 + 2 * 200) / 6);
    expect(summary.distributions.icl_ms?.count).toBe(6);
    expect(mean.e2el_ms).toBeCloseTo((500 + 600) / 2);
    expect(mean.queue_ms).toBeCloseTo(15);
    expect(mean.ttft_intended_ms).toBeCloseTo((110 + 220) / 2);
    expect(mean.e2el_intended_ms).toBeCloseTo((510 + 620) / 2);
  });

  it('has the scalars that the definitions say', () => {
    const { scalars } = summary;
    expect(scalars.request_throughput).toBeCloseTo(2 / 1.01);
    expect(scalars.output_throughput).toBeCloseTo(10 / 1.01);
    expect(scalars.input_throughput).toBeCloseTo(200 / 1.01);
    expect(scalars.total_token_throughput).toBeCloseTo(210 / 1.01);
    expect(scalars.user_output_rate).toBeCloseTo(10);
    expect(scalars.goodput).toBeCloseTo(1 / 1.01);
    expect(scalars.good_ratio).toBeCloseTo(1 / 3);
    expect(scalars.error_ratio).toBeCloseTo(1 / 3);
    expect(scalars.mean_concurrency).toBeCloseTo((510 + 600 + 500) / 1010);
    // The third is sent in the instant the first ends: never three at once.
    expect(scalars.peak_concurrency).toBe(2);
    expect(scalars.total_input_tokens).toBe(200);
    expect(scalars.total_output_tokens).toBe(10);
    expect(scalars.cached_ratio).toBeCloseTo(50 / 200);
    expect(scalars.tokens_per_chunk).toBeCloseTo(10 / 8);
    // Two in flight from 20 to 620 ms: all 10 tokens fall in it.
    expect(scalars.steady_output_throughput).toBeCloseTo(10 / 0.6);
  });

  it('has vLLM’s figures by vLLM’s definitions', () => {
    const { vllm } = summary;
    expect(vllm.completed).toBe(2);
    expect(vllm.failed).toBe(1);
    expect(vllm.mean_ttft_ms).toBeCloseTo((20 + 200) / 2); // the role-only event counts
    expect(vllm.mean_tpot_ms).toBeCloseTo(((500 - 20) / 4 + (600 - 200) / 4) / 2);
    expect(vllm.mean_itl_ms).toBeCloseTo((80 + 400 + 400) / 7);
    expect(vllm.mean_e2el_ms).toBeCloseTo(550);
    expect(vllm.std_e2el_ms).toBeCloseTo(50); // population
    expect(vllm.p99_e2el_ms).toBeCloseTo(599); // type 7
    expect(vllm.max_concurrent_requests).toBe(2);
    expect(vllm.max_output_tokens_per_s).toBe(9); // chunks and the role-only event
    expect(vllm.request_goodput).toBeCloseTo(1 / 1.01); // by vLLM’s TTFT the second one misses too
  });

  it('flags what a reader must know', () => {
    const codes = (s: typeof summary) => s.flags.map((f) => f.code).sort();
    expect(codes(summary)).toEqual(['cache_warm', 'failures', 'few_samples']);
    expect(codes(summarizeRecords({ ...base, load: load(), templateTokens: 50 }))).not.toContain('cache_warm');
    const shared = {
      kind: 'random' as const,
      inputTokens: { min: 100, max: 100 },
      outputTokens: { min: 5, max: 5 },
      sharedPrefixTokens: 50,
    };
    expect(codes(summarizeRecords({ ...base, load: load({ data: shared }) }))).not.toContain('cache_warm');
    const off = records.map((r) => ({
      ...r,
      promptTokens: 103,
      outputTokens: 4,
      outputTokenSource: 'chunk_count' as const,
      cachedTokens: null,
    }));
    expect(codes(summarizeRecords({ ...base, records: off, load: load(), interrupted: true }))).toEqual(
      ['failures', 'few_samples', 'interrupted', 'prompt_length', 'short_output', 'token_source'].sort(),
    );
    const client = { workers: 1, eluMax: 0.9, loopDelayP99Ms: 1, scheduleLagP99Ms: 30, cpuCores: 1, eventsPerRead: 8 };
    const bound = summarizeRecords({ ...base, load: load(), client });
    expect(codes(bound)).toEqual(expect.arrayContaining(['client_bound', 'coalesced']));
    expect(bound.flags.find((f) => f.code === 'client_bound')?.message).toMatch(/30\.0 ms late.*90\.0 %/);
  });

  it('says that few samples carry few percentiles', () => {
    const many = Array.from({ length: 250 }, (_, index) =>
      record({ index, sentMs: index, firstTokenMs: index + 1, lastTokenMs: index + 2, endMs: index + 2, chunks: 2, outputTokens: 5 }),
    );
    const { flags } = summarizeRecords({ ...base, records: many, load: load() });
    expect(flags.find((f) => f.code === 'few_samples')?.message).toContain('up to p95');
  });

  it('bounds the percentiles that requests carry, of what each request has one of', () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      record({ index, sentMs: 0, firstTokenMs: index + 1, lastTokenMs: index + 1, endMs: index + 1, chunks: 1, outputTokens: 1 }),
    );
    const { intervals, distributions } = summarizeRecords({ ...base, records: many, load: load() });
    const { p50, p90, ...rest } = intervals?.['ttft_ms'] ?? {};
    expect(Object.keys(rest)).toEqual(['p75']);
    // By hand: 100 values, of which the 51st after resampling is at or below the 41st in 2.5 % of cases, and the 61st in 97.5 %.
    expect(p50).toEqual({ low: expect.closeTo(40.5, 0), high: expect.closeTo(60.5, 0) });
    expect(p90?.low).toBeLessThan(distributions['ttft_ms']?.p90 ?? 0);
    expect(p90?.high).toBeGreaterThan(distributions['ttft_ms']?.p90 ?? 0);
    // A request has many gaps: they are no sample of independent ones.
    expect(Object.keys(intervals ?? {})).not.toContain('itl_ms');
  });

  it('has no goodput without a limit, be the keys of the limits there without values', () => {
    const { scalars, vllm } = summarizeRecords({
      ...base,
      load: { ...load(), slo: { ttftMs: undefined, tpotMs: undefined, e2elMs: undefined } },
    });
    expect(scalars).not.toHaveProperty('goodput');
    expect(scalars).not.toHaveProperty('good_ratio');
    expect(vllm).not.toHaveProperty('request_goodput');
  });

  it('survives a point in which nothing was measured', () => {
    const none = summarizeRecords({ ...base, records: [], gaps: [], load: load() });
    expect(none.counts.sent).toBe(0);
    expect(none.durationS).toBe(0);
    expect(none.distributions).toEqual({});
  });
});

describe('buildSeries', () => {
  it('spreads the point over its seconds', () => {
    const rows = buildSeries(records, gaps);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ t: 0, sent: 3, done: 2, failed: 0, ttftP50Ms: 150 });
    expect(rows[1]).toMatchObject({ t: 1, sent: 0, done: 0, failed: 1, ttftP50Ms: null });
    expect(rows[0]?.outputTokens).toBeCloseTo(10);
    expect(rows[0]?.inFlight).toBeCloseTo((510 + 600 + 480) / 1000);
    expect(rows[1]?.inFlight).toBeCloseTo(0.02);
  });

  it('has times and tokens of requests that ended well only', () => {
    const cut = { sentMs: 0, firstTokenMs: 500, lastTokenMs: 900, endMs: 900, chunks: 5, outputTokens: 5 };
    const rows = buildSeries(
      [
        record({ index: 0, sentMs: 0, firstTokenMs: 100, lastTokenMs: 200, endMs: 200, chunks: 2, outputTokens: 2 }),
        record({ ...cut, index: 1, status: 'failed', error: { class: 'reset', message: 'x' } }),
        record({ ...cut, index: 2, status: 'cancelled', error: { class: 'cancelled', message: 'x' } }),
      ],
      [],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ sent: 3, done: 1, failed: 1, ttftP50Ms: 100 });
    expect(rows[0]?.outputTokens).toBeCloseTo(2);
  });
});
