import { prng, type ConcurrencyStage, type LoadSpecInput } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { slotOpens } from './concurrency-stages.ts';
import { runLoad } from './index.ts';
import { startTestServer, type TestServer } from './testing/index.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

describe('slots of a closed loop in stages', () => {
  it('open as a ramp reaches their number, stay open, and close as it falls below', () => {
    const stages = [
      { durationMs: 1000, concurrency: 0, toConcurrency: 4 },
      { durationMs: 500, concurrency: 4 },
      { durationMs: 1000, concurrency: 4, toConcurrency: 2 },
      { durationMs: 100, concurrency: 0 },
      { durationMs: 100, concurrency: 1 },
    ];
    expect([0, 1, 2, 3, 4].map((slot) => slotOpens(stages, slot, 0))).toEqual([0, 250, 500, 750, null]);
    expect([0, 1, 2, 3].map((slot) => slotOpens(stages, slot, 1999))).toEqual([1999, 1999, 1999, 1999]);
    expect([0, 1, 2, 3].map((slot) => slotOpens(stages, slot, 2000))).toEqual([2000, 2000, 2000, null]);
    expect([0, 1].map((slot) => slotOpens(stages, slot, 2500))).toEqual([2600, null]);
    expect(slotOpens(stages, 0, 2700)).toBeNull();
  });

  it('are as many at every moment as the concurrency, rounded up', () => {
    const random = prng(5);
    for (let round = 0; round < 300; round++) {
      const stages: ConcurrencyStage[] = Array.from({ length: random.integer(1, 4) }, () => ({
        durationMs: random.integer(1, 50),
        concurrency: random.integer(0, 6),
        ...(random.next() < 0.5 ? {} : { toConcurrency: random.integer(0, 6) }),
      }));
      let beginMs = 0;
      for (const { durationMs, concurrency, toConcurrency = concurrency } of stages) {
        // Not where a line meets a whole number: there binary fractions decide.
        const part = (random.integer(0, 9) + 0.5123) / 10;
        const atMs = beginMs + part * durationMs;
        const open = [0, 1, 2, 3, 4, 5, 6].filter((slot) => slotOpens(stages, slot, atMs) === atMs);
        expect(open).toEqual(Array.from({ length: Math.ceil(concurrency + part * (toConcurrency - concurrency)) }, (_, slot) => slot));
        beginMs += durationMs;
      }
    }
  });
});

describe('runLoad, concurrency in stages', () => {
  const data = { kind: 'random' as const, inputTokens: { min: 30, max: 30 }, outputTokens: { min: 4, max: 4 } };
  /** At a server that never answers each slot sends once; stopped as soon as `until` have been sent. */
  async function run(arrival: LoadSpecInput['arrival'], options: { until: number; workers: number }) {
    const stop = new AbortController();
    const calibration = (await runLoad({ baseUrl: server?.url ?? '', model: 'test', load: { data, numPrompts: 1, requestTimeoutMs: 200 } }))
      .calibration;
    return await runLoad({
      baseUrl: server?.url ?? '',
      model: 'test',
      load: { data, arrival, maxConcurrency: 6, seed: 3 },
      workers: options.workers,
      calibration,
      signal: stop.signal,
      onProgress: ({ sent }) => {
        if (sent >= options.until) stop.abort();
      },
    });
  }

  it.each([1, 3])('opens its slots one after another, at the times that the ramp says: %i workers', async (workers) => {
    server = await startTestServer({ misbehave: [{ kind: 'stall', after: 0 }] });
    const stages = [
      { durationMs: 600, concurrency: 0, toConcurrency: 6 },
      { durationMs: 600_000, concurrency: 6 },
    ];
    const { records, summary } = await run({ kind: 'closed', stages }, { until: 6, workers });
    const due = records.map((r) => r.intendedMs).sort((a, b) => a - b);
    expect(due.map(Math.round)).toEqual([0, 100, 200, 300, 400, 500]);
    expect(records.every((r) => r.sentMs >= r.intendedMs)).toBe(true);
    expect(summary.counts).toMatchObject({ sent: 6, cancelled: 6 });
  });

  it('is stopped while slots wait to be opened, and ends by itself', async () => {
    server = await startTestServer({});
    const waiting = [
      { durationMs: 20, concurrency: 1 },
      { durationMs: 3_600_000, concurrency: 0, toConcurrency: 1 },
    ];
    const stopped = await run({ kind: 'closed', stages: [...waiting, { durationMs: 1000, concurrency: 6 }] }, { until: 1, workers: 1 });
    expect(stopped.summary.flags.map((f) => f.code)).toContain('interrupted');
    const { summary, records } = await run(
      {
        kind: 'closed',
        stages: [
          { durationMs: 150, concurrency: 2, toConcurrency: 6 },
          { durationMs: 100, concurrency: 1 },
        ],
      },
      { until: Number.POSITIVE_INFINITY, workers: 2 },
    );
    expect(summary.counts.ok).toBe(summary.counts.sent);
    expect(records.every((r) => r.intendedMs < 250)).toBe(true);
  });

  it('needs as many slots as its highest stage', async () => {
    server = await startTestServer({});
    const arrival = { kind: 'closed' as const, stages: [{ durationMs: 10, concurrency: 7 }] };
    await expect(run(arrival, { until: 1, workers: 1 })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringContaining('7'),
    });
  });
});
