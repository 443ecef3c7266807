import { loadSpecSchema, type LoadSpecInput, pointResultSchema, type RequestRecord, requestRecord } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { runLoad, summarizeRecords, type GapList } from './index.ts';
import { startTestServer } from './testing/index.ts';

const load = (input: Partial<LoadSpecInput> = {}) =>
  loadSpecSchema.parse({
    maxConcurrency: 2,
    numPrompts: 6,
    data: { kind: 'random', inputTokens: { min: 100, max: 100 }, outputTokens: { min: 2, max: 2 } },
    ...input,
  });

/** Two tokens, the first and the last. */
const answered = (index: number, sentMs: number, firstTokenMs: number, endMs: number): RequestRecord =>
  requestRecord({
    index,
    sentMs,
    intendedMs: sentMs,
    firstTokenMs,
    lastTokenMs: endMs,
    endMs,
    chunks: 2,
    outputTokens: 2,
    outputTokenSource: 'server_usage',
    promptTokens: 100,
    promptTokenSource: 'server_usage',
  });

const gapsOf = (records: readonly RequestRecord[]): GapList[] =>
  records.flatMap(({ index, chunks, firstTokenMs, lastTokenMs }) =>
    chunks === 2 ? [{ index, gapsMs: Float32Array.of((lastTokenMs ?? 0) - (firstTokenMs ?? 0)) }] : [],
  );

const summaryOf = (records: readonly RequestRecord[], its = load()) =>
  summarizeRecords({ load: its, records, gaps: gapsOf(records), startedAt: '2026-01-01T00:00:00.000Z', client: null });

const means = (distributions: Record<string, { mean: number }>) =>
  Object.fromEntries(Object.entries(distributions).map(([name, { mean }]) => [name, mean]));

/** Two at once from 100 to 2500 ms: the first was sent before, the fifth ends after. */
const closed = [
  answered(0, 0, 50, 1000),
  answered(1, 100, 200, 900),
  requestRecord({ index: 2, status: 'failed', sentMs: 1000, intendedMs: 1000, endMs: 1900, error: { class: 'http_5xx', message: 'x' } }),
  answered(3, 900, 1200, 2000),
  answered(4, 1900, 2000, 3000),
  answered(5, 2000, 2400, 2500),
];

describe('the steady state of a closed loop', () => {
  const { steady, scalars, distributions } = summaryOf(closed);

  it('is the time in which the cap was in flight, and has the requests that lie in it', () => {
    expect([steady?.fromMs, steady?.toMs]).toEqual([100, 2500]);
    expect(steady?.counts).toEqual({ sent: 4, ok: 3, failed: 1, cancelled: 0 });
  });

  it('has latencies of those requests, by the names of the whole run', () => {
    expect(means(steady?.distributions ?? {})).toMatchObject({
      ttft_ms: expect.closeTo((100 + 300 + 400) / 3, 9),
      tpot_ms: expect.closeTo((700 + 800 + 100) / 3, 9),
      itl_ms: expect.closeTo((700 + 800 + 100) / 3, 9),
      icl_ms: expect.closeTo((700 + 800 + 100) / 3, 9),
      e2el_ms: expect.closeTo((800 + 1100 + 500) / 3, 9),
    });
    expect(Object.keys(steady?.distributions ?? {}).sort()).toEqual(Object.keys(distributions).sort());
    expect(distributions.ttft_ms?.mean).toBeCloseTo((50 + 100 + 300 + 100 + 400) / 5);
  });

  it('has throughputs of what happened in it, whichever request it belongs to', () => {
    // Four ends; both tokens of three requests, the last of the first one, the first of the fifth; and four prompts read.
    expect(steady?.scalars).toEqual({
      request_throughput: expect.closeTo(4 / 2.4, 9),
      output_throughput: expect.closeTo(8 / 2.4, 9),
      input_throughput: expect.closeTo(400 / 2.4, 9),
      total_token_throughput: expect.closeTo(408 / 2.4, 9),
    });
    expect(scalars.request_throughput).toBeCloseTo(5 / 3);
    expect(scalars.steady_output_throughput).toBe(steady?.scalars.output_throughput);
  });

  it('has no tokens out where none are made', () => {
    const embeddings = load({ api: 'embeddings' });
    const whole = closed.map((r) => ({ ...r, firstTokenMs: null, lastTokenMs: null, chunks: 0, outputTokens: null }));
    const { steady: its, scalars: all } = summaryOf(whole, embeddings);
    expect(its?.scalars).toEqual({
      request_throughput: expect.closeTo(4 / 2.4, 9),
      // Read when it was answered: the first one's within, the fifth one's not.
      input_throughput: expect.closeTo(400 / 2.4, 9),
      total_token_throughput: expect.closeTo(400 / 2.4, 9),
    });
    expect(all).not.toHaveProperty('steady_output_throughput');
  });

  it('is not there when it is too short, the cap was not reached, or changes in time', () => {
    const shorter = closed.map((r) => (r.index === 0 ? r : { ...r, sentMs: r.sentMs + 30_000, endMs: (r.endMs ?? 0) + 30_000 }));
    expect(summaryOf(shorter)).not.toHaveProperty('steady');
    expect(summaryOf(closed, load({ maxConcurrency: 3 }))).not.toHaveProperty('steady');
    const stages = [{ durationMs: 3000, concurrency: 2 }];
    const staged = summaryOf(closed, load({ arrival: { kind: 'closed', stages }, numPrompts: undefined }));
    expect(staged).not.toHaveProperty('steady');
    expect(staged.scalars).not.toHaveProperty('steady_output_throughput');
  });

  it('is kept with the point, and older results without one stay readable', () => {
    const point = { ...summaryOf(closed), point: 0, repeat: 0 };
    const { steady: _, ...older } = point;
    expect(pointResultSchema.parse(point).steady).toEqual(steady);
    expect(pointResultSchema.parse(older)).not.toHaveProperty('steady');
  });
});

describe('the steady state of an open loop', () => {
  const poisson = load({ arrival: { kind: 'poisson', ratePerS: 10 }, maxConcurrency: null, numPrompts: 20 });
  const even = Array.from({ length: 20 }, (_, i) => answered(i, 100 * i, 100 * i + 50, 100 * i + 200));

  it('begins when those sent first would have ended, and ends with the last dispatch', () => {
    const { steady, scalars } = summaryOf(even, poisson);
    expect([steady?.fromMs, steady?.toMs]).toEqual([200, 1900]);
    // Sent from 200 to 1700.
    expect(steady?.counts.sent).toBe(16);
    expect(steady?.distributions.e2el_ms).toMatchObject({ count: 16, mean: 200 });
    // Ended from 200 to 1900.
    expect(steady?.scalars.request_throughput).toBeCloseTo(18 / 1.7);
    expect(scalars).not.toHaveProperty('steady_output_throughput');
  });

  it('waits for the slow ones, be the first one quick', () => {
    const mixed = even.map((r) => (r.index % 2 === 0 ? r : { ...r, lastTokenMs: r.sentMs + 600, endMs: r.sentMs + 600 }));
    expect(summaryOf(mixed, poisson).steady?.fromMs).toBe(600);
  });

  it('is not there when the server never catches up, or arrivals change in time', () => {
    const late = even.map((r) => ({ ...r, lastTokenMs: 4 * r.sentMs + 200, endMs: 4 * r.sentMs + 200 }));
    expect(summaryOf(late, poisson)).not.toHaveProperty('steady');
    const bursts = load({ arrival: { kind: 'bursts', size: 2, everyMs: 200 }, maxConcurrency: null, numPrompts: 20 });
    expect(summaryOf(even, bursts)).not.toHaveProperty('steady');
    expect(summaryOf([], poisson)).not.toHaveProperty('steady');
  });
});

it('is found in a load that was sent', async () => {
  const server = await startTestServer({ seed: 1, ttftMs: 30, gapMs: 2 });
  try {
    const { summary, records } = await runLoad({
      baseUrl: server.url,
      model: 'test',
      load: load({ maxConcurrency: 4, numPrompts: 100, warmupRequests: 0, seed: 1 }),
      workers: 1,
    });
    const { steady } = summary;
    expect(steady).toBeDefined();
    const [fromMs, toMs] = [steady?.fromMs ?? 0, steady?.toMs ?? 0];
    const own = records.filter((r) => r.sentMs >= fromMs && (r.endMs ?? Infinity) <= toMs);
    expect(steady?.counts).toEqual({ sent: own.length, ok: own.length, failed: 0, cancelled: 0 });
    expect(own.length).toBeLessThan(100);
    expect(steady?.distributions.ttft_ms?.count).toBe(own.length);
    // As many at once as were asked for, at both ends.
    const inFlight = (ms: number) => records.filter((r) => r.sentMs <= ms && (r.endMs ?? Infinity) > ms).length;
    expect(inFlight(fromMs)).toBe(4);
    expect(inFlight(toMs)).toBeLessThan(4);
  } finally {
    await server.close();
  }
});
