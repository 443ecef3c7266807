import {
  type Arrival,
  type GapList,
  loadSpecSchema,
  type LoadSpec,
  pointResultSchema,
  prng,
  type RequestRecord,
  requestRecord,
} from '@bench/core';
import { describe, expect, it } from 'vitest';
import { arrivalTimes, buildSeries, type ClientResult, type LoadResult, mergeResults, splitLoad, summarizeRecords } from './index.ts';
import { calibration } from './calibration.fixture.ts';
import { moveTimes } from './times.ts';

const ZERO = Date.parse('2026-03-01T10:00:00.000Z');
const observed = { workers: 1, eluMax: 0.2, loopDelayP99Ms: 3, scheduleLagP99Ms: 1, cpuCores: 0.3, eventsPerRead: 1 };

/** A run as one client would have recorded it: some requests fail, some are cut, chunks have gaps of their own. */
function recorded(load: LoadSpec, seed: number, over: Partial<LoadResult> = {}): LoadResult {
  const random = prng(seed);
  // Times that sums and differences keep exactly.
  const ms = (most: number) => random.integer(0, most * 16) / 16;
  const { arrival } = load;
  const times =
    arrival.kind === 'closed' || arrival.kind === 'trace' ? null : arrivalTimes({ arrival, seed: load.seed, count: load.numPrompts });
  const records: RequestRecord[] = [];
  const gaps: GapList[] = [];
  for (let index = 0; index < load.warmupRequests + (load.numPrompts as number); index++) {
    const phase = index < load.warmupRequests ? 'warmup' : 'measured';
    const at = phase === 'warmup' ? ms(900) - 4000 : Math.round((times?.[index - load.warmupRequests] ?? ms(5000)) * 16) / 16;
    const sentMs = at + ms(3);
    const list = Float32Array.from({ length: random.integer(0, 6) }, () => ms(40));
    const firstTokenMs = sentMs + ms(200);
    const lastTokenMs = firstTokenMs + list.reduce((a, b) => a + b, 0);
    const failed = random.next() < 0.1;
    records.push(
      requestRecord({
        index,
        phase,
        intendedMs: at,
        sentMs,
        endMs: lastTokenMs + 1,
        worker: 0,
        promptTokens: 30,
        promptTokenSource: 'server_usage',
        requestedPromptTokens: 30,
        cachedTokens: random.integer(0, 12),
        ...(failed
          ? { error: { class: 'reset', message: 'cut' } }
          : {
              firstByteMs: sentMs + 1,
              firstEventMs: firstTokenMs,
              firstTokenMs,
              firstAnswerMs: firstTokenMs,
              lastTokenMs,
              lastEventMs: lastTokenMs,
              chunks: list.length + 1,
              reads: list.length + 1,
              outputTokens: list.length + random.integer(1, 2),
              outputTokenSource: 'server_usage',
            }),
      }),
    );
    if (phase === 'measured') gaps.push({ index, gapsMs: failed ? new Float32Array(0) : list });
  }
  return result(load, records, gaps, over);
}

function result(load: LoadSpec, records: RequestRecord[], gaps: GapList[], over: Partial<LoadResult> = {}): LoadResult {
  const zeroEpochMs = over.zeroEpochMs ?? ZERO;
  const startedAt = new Date(zeroEpochMs).toISOString();
  const promptEntries = over.promptEntries ?? null;
  const summary = summarizeRecords({ load, records, gaps, startedAt, client: observed, templateTokens: 9, promptEntries });
  return { summary, records, gaps, series: buildSeries(records, gaps), zeroMonotonicMs: 5, zeroEpochMs, calibration, promptEntries };
}

/** What clients with clocks of their own would have recorded of it, each from a zero of its own. */
function asClients(whole: LoadResult, n: number, seed: number): ClientResult[] {
  const random = prng(seed);
  const { load } = whole.summary;
  return splitLoad(load, n).map((part, client) => {
    const mine = (index: number) => dealtTo(load, index, n) === client;
    const zero = client === 0 ? 0 : random.integer(-500, 500) / 4;
    const offsetMs = client === 0 ? 0 : random.integer(-4000, 4000) / 4;
    const records = whole.records.filter((r) => mine(r.index)).map((r) => moveTimes(r, -zero));
    const gaps = whole.gaps.filter((g) => mine(g.index));
    const its = result(part, records, gaps, {
      zeroEpochMs: ZERO + zero - offsetMs,
      ...(whole.promptEntries === undefined ? {} : { promptEntries: whole.promptEntries }),
    });
    const method = client === 0 ? ('self' as const) : ('network' as const);
    return { client, result: its, clock: { offsetMs, uncertaintyMs: 0.25, method } };
  });
}

/** Whose a request is does not matter to merging. */
const dealtTo = (load: LoadSpec, index: number, n: number) => (index * 7 + load.seed) % n;

const load = (over: object = {}) =>
  loadSpecSchema.parse({
    maxConcurrency: 6,
    numPrompts: 60,
    warmupRequests: 5,
    data: { kind: 'random', inputTokens: { min: 30, max: 30 }, outputTokens: { min: 1, max: 8 } },
    slo: { ttftMs: 150 },
    ...over,
  });

const ARRIVALS: [Arrival, number | null][] = [
  [{ kind: 'closed' }, 6],
  [{ kind: 'constant', ratePerS: 20 }, null],
  [{ kind: 'poisson', ratePerS: 30 }, 7],
  [{ kind: 'gamma', ratePerS: 25, burstiness: 2 }, null],
  [{ kind: 'stages', process: 'constant', stages: [{ durationMs: 9000, ratePerS: 5, toRatePerS: 20 }] }, null],
];

describe('mergeResults', () => {
  it.each(ARRIVALS)('of the parts of a run is the run, whatever the clocks: %j', (arrival, maxConcurrency) => {
    for (let seed = 0; seed < 12; seed++) {
      const whole = recorded(load({ arrival, maxConcurrency, seed }), seed, { promptEntries: seed % 2 ? 40 : null });
      const n = 1 + (seed % 5);
      const parts = asClients(whole, n, seed);
      // In whatever order they are collected.
      const merged = mergeResults(seed % 2 ? [...parts].reverse() : parts);
      const { loadClients, client, ...summary } = merged.summary;
      const { client: _alone, ...expected } = whole.summary;
      expect(summary).toEqual(expected);
      if (arrival.kind === 'constant' || arrival.kind === 'poisson' || arrival.kind === 'gamma') expect(summary.steady).toBeDefined();
      expect(merged.gaps).toEqual(whole.gaps);
      expect(merged.series).toEqual(whole.series);
      expect(merged.records.map((r) => ({ ...r, worker: 0 }))).toEqual(whole.records);
      expect(client).toMatchObject({ workers: n, eluMax: 0.2, eventsPerRead: 1 });
      expect(client?.cpuCores).toBeCloseTo(0.3 * n, 9);
      pointResultSchema.parse({ ...merged.summary, point: 0, repeat: 0 });
      expect(loadClients?.length ?? 1).toBe(n);
      for (const { client: i, sent, clock } of loadClients ?? []) {
        expect(sent).toBe(parts[i]?.result.summary.counts.sent);
        expect(clock).toEqual(parts[i]?.clock);
      }
    }
  });

  it('numbers the threads of all clients through', () => {
    const merged = mergeResults(asClients(recorded(load(), 1), 3, 1));
    expect(new Set(merged.records.map((r) => r.worker))).toEqual(new Set([0, 1, 2]));
    expect(merged.summary.client?.workers).toBe(3);
  });

  it('keeps what each thread saw of itself, second by second', () => {
    const parts = asClients(recorded(load(), 1), 3, 1);
    const seen = { wallMs: 1000, busy: 0.1, loopDelayP99Ms: 1, scheduleLagP99Ms: null, gcMs: 0, cpuMs: 9, cpuWaitMs: 1, eventsPerRead: 1 };
    for (const { client, result: its } of parts)
      its.series = its.series.map((row) => ({ ...row, client: [{ ...seen, worker: 0, elu: client / 10 }] }));
    // Some seconds into the point all three were at work.
    expect(mergeResults(parts).series[2]?.client).toEqual([0, 1, 2].map((worker) => ({ ...seen, worker, elu: worker / 10 })));
  });

  it('gives percentiles of all requests, not of the percentiles', () => {
    // One slow client of three: the median of all is not the mean of the medians.
    const parts = asClients(recorded(load({ numPrompts: 90, warmupRequests: 0 }), 2), 3, 2);
    const slow = parts[2] as ClientResult;
    const records = slow.result.records.map((r) => (r.firstTokenMs === null ? r : { ...r, firstTokenMs: r.sentMs + 10_000 }));
    const merged = mergeResults([parts[0] as ClientResult, parts[1] as ClientResult, { ...slow, result: { ...slow.result, records } }]);
    const ttfts = merged.records
      .filter((r) => r.status === 'ok')
      .map((r) => (r.firstTokenMs as number) - r.sentMs)
      .sort((a, b) => a - b);
    expect(merged.summary.distributions.ttft_ms?.p50).toBeCloseTo(
      ((ttfts[Math.floor((ttfts.length - 1) / 2)] as number) + (ttfts[Math.ceil((ttfts.length - 1) / 2)] as number)) / 2,
      6,
    );
    expect(merged.summary.distributions.ttft_ms?.p50).toBeLessThan(200);
  });

  it('names every client that left nothing, and keeps what the others saw', () => {
    const parts = asClients(recorded(load(), 3), 4, 3).filter(({ client }) => client !== 0 && client !== 2);
    const merged = mergeResults(parts, [{ client: 2, reason: 'its node went down' }]);
    expect(merged.records).toHaveLength(parts.reduce((sum, { result: r }) => sum + r.records.length, 0));
    expect(merged.summary.flags.find((f) => f.code === 'client_missing')?.message).toBe(
      '2 of 4 load clients left no result (client 0: it left no result; client 2: its node went down)',
    );
    expect(merged.summary.loadClients?.map((c) => c.missing)).toEqual(['it left no result', null, 'its node went down', null]);
    expect(() => mergeResults([], [{ client: 0, reason: 'no room' }])).toThrow('no room');
  });

  it('unites flags: of all records anew, of single clients by their names', () => {
    const parts = asClients(recorded(load({ numPrompts: 1200 }), 4), 3, 4);
    const flag = (i: number, ...flags: LoadResult['summary']['flags']) => (parts[i] as ClientResult).result.summary.flags.push(...flags);
    expect(parts[0]?.result.summary.flags.map((f) => f.code)).toContain('few_samples');
    flag(1, { code: 'interrupted', message: 'stopped' }, { code: 'client_bound', message: 'busy' });
    const flags = new Map(mergeResults(parts).summary.flags.map((f) => [f.code, f.message]));
    expect([...flags.keys()]).not.toContain('few_samples');
    expect(flags.get('client_bound')).toBe('client 1: busy');
    expect([...flags.keys()]).toContain('interrupted');
  });

  it('keeps what each client was found to be off by, and shows the worst', () => {
    const checkedAt = '2026-03-01T09:00:00.000Z';
    const fixed = { checkedAt, streams: 100, tokensPerS: 50, ttftP50Ms: 0.1, ttftP99Ms: 1, itlP50Ms: 0.1, tpotP99Ms: 0.5 };
    const accuracy = (itlP99Ms: number) => ({ ...fixed, itlP99Ms });
    const known = [accuracy(2), undefined, accuracy(3)];
    const parts = asClients(recorded(load(), 7), 3, 7).map((part): ClientResult => {
      const own = known[part.client];
      const { summary } = part.result;
      return { ...part, result: { ...part.result, summary: { ...summary, client: { ...observed, ...(own && { accuracy: own }) } } } };
    });
    const { summary } = mergeResults(parts);
    expect(summary.client?.accuracy).toEqual(accuracy(3));
    expect(summary.loadClients?.map((client) => client.accuracy)).toEqual(known);
    pointResultSchema.parse({ ...summary, point: 0, repeat: 0 });
    expect(mergeResults(asClients(recorded(load(), 7), 2, 7)).summary.client).not.toHaveProperty('accuracy');
  });

  it('takes the wall clocks as they are where an offset is not known, and says so', () => {
    const parts = asClients(recorded(load(), 5), 2, 5).map((part) => ({ ...part, clock: null }));
    const merged = mergeResults(parts);
    const apart = (parts[1]?.result.zeroEpochMs ?? 0) - (parts[0]?.result.zeroEpochMs ?? 0);
    const theirs = parts[1]?.result.records[0] as RequestRecord;
    expect(merged.records.find((r) => r.index === theirs.index)?.sentMs).toBeCloseTo(theirs.sentMs + apart, 3);
    expect(merged.summary.loadClients?.map((c) => c.clock)).toEqual([null, null]);
  });

  it.each([
    ['two of one client', (p: ClientResult[]) => [...p, p[0] as ClientResult], 'two results of client 0'],
    ['a result under the name of another client', (p: ClientResult[]) => [{ ...(p[0] as ClientResult), client: 1 }], 'client 1'],
    [
      'another load',
      (p: ClientResult[]) => [p[0] as ClientResult, ...asClients(recorded(load({ seed: 99 }), 6), 3, 6).slice(1)],
      'another load',
    ],
    [
      'another number of clients',
      (p: ClientResult[]) => [p[0] as ClientResult, asClients(recorded(load(), 6), 2, 6)[1] as ClientResult],
      'of 2',
    ],
    [
      'a request that two have sent',
      (p: ClientResult[]) => {
        const [a, b] = p as [ClientResult, ClientResult];
        return [a, { ...b, result: { ...b.result, records: [...b.result.records, a.result.records[0] as RequestRecord] } }];
      },
      'two of the load clients sent request',
    ],
  ])('refuses %s', (_what, spoil, message) => {
    const parts = asClients(recorded(load(), 6), 3, 6);
    expect(() => mergeResults(spoil(parts))).toThrow(message);
  });
});
