import { loadSpecSchema, requestRecord, type RequestRecord } from '@bench/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assemble, recordsOf } from './assemble.ts';
import { calibration } from './calibration.fixture.ts';
import type { LoadResult } from './result.ts';
import { gapList } from './worker/gap-list.ts';
import { recordPacker } from './worker/packed-records.ts';
import type { SelfObservation, WorkerReport } from './worker/protocol.ts';

const ZERO_MS = 5000;
const load = loadSpecSchema.parse({
  maxConcurrency: 4,
  numPrompts: 40,
  seed: 1,
  data: { kind: 'random', inputTokens: { min: 30, max: 30 }, outputTokens: { min: 5, max: 5 } },
});
const self: SelfObservation = {
  wallMs: 1000,
  cpuMs: 100,
  elu: 0.1,
  busy: 0.1,
  cpuWaitMs: 0,
  gcMs: 0,
  loopDelayP99Ms: 1,
  lagsMs: new Float32Array(0),
  seconds: [],
};

interface Seen {
  record: RequestRecord;
  gapsMs: number[];
}

/** Some end well, some are cut, one in a few is warm-up. */
const seen: fc.Arbitrary<Omit<Seen, 'record'> & { known: Partial<RequestRecord>; sentMs: number }> = fc
  .record({
    // Times that sums and differences keep exactly.
    sentMs: fc.integer({ min: 0, max: 16_000 }).map((n) => ZERO_MS + n / 16),
    waitMs: fc.integer({ min: 0, max: 3200 }).map((n) => n / 16),
    gapsMs: fc.array(
      fc.integer({ min: 0, max: 640 }).map((n) => n / 16),
      { maxLength: 6 },
    ),
    failed: fc.boolean(),
    warm: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  })
  .map(({ sentMs, waitMs, gapsMs, failed, warm }) => {
    const firstTokenMs = sentMs + waitMs;
    const lastTokenMs = gapsMs.reduce((at, gap) => at + gap, firstTokenMs);
    const chunks = gapsMs.length + 1;
    return {
      sentMs,
      gapsMs: warm ? [] : gapsMs,
      known: {
        phase: warm ? ('warmup' as const) : ('measured' as const),
        endMs: lastTokenMs,
        promptTokens: 30,
        promptTokenSource: 'server_usage' as const,
        firstByteMs: sentMs,
        firstEventMs: firstTokenMs,
        firstTokenMs,
        firstAnswerMs: firstTokenMs,
        lastTokenMs,
        lastEventMs: lastTokenMs,
        chunks,
        reads: chunks,
        outputTokens: chunks,
        outputTokenSource: 'chunk_count' as const,
        ...(failed ? { error: { class: 'reset' as const, message: 'cut' } } : { finishReason: 'stop' }),
      },
    };
  });

/** What a worker hands over that saw these requests end, in this order. */
function reportOf(all: readonly Seen[]): WorkerReport {
  const records = recordPacker();
  const gaps = gapList();
  for (const { record, gapsMs } of all) {
    records.push(record);
    if (record.phase === 'measured') gaps.push(record.index, Float32Array.from(gapsMs));
  }
  return { records: records.packed(), ...gaps.all(), texts: [], self, promptEntries: null };
}

function resultOf(reports: WorkerReport[]): LoadResult {
  const records = recordsOf(reports, ZERO_MS);
  const result = assemble({
    load,
    origins: ['http://127.0.0.1:1'],
    reports,
    records,
    zeroMs: ZERO_MS,
    zeroEpochMs: Date.parse('2026-03-01T10:00:00.000Z'),
    calibration,
    quotaUsedUp: null,
    interrupted: false,
  });
  return { ...result, summary: { ...result.summary, client: null } };
}

it('a result is the same, whichever of any number of workers saw what, and in which order', () => {
  const dealt = fc.array(fc.tuple(seen, fc.nat(3), fc.nat()), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(dealt, (list) => {
      const all = list.map(([{ known, sentMs, gapsMs }, worker, order], index) => ({
        seen: { record: requestRecord({ index, sentMs, ...known }), gapsMs },
        worker,
        order,
      }));
      const one = resultOf([reportOf(all.map((each) => each.seen))]);
      const several = [0, 1, 2, 3].map((worker) =>
        reportOf(
          all
            .filter((each) => each.worker === worker)
            .sort((a, b) => a.order - b.order)
            .map((each) => each.seen),
        ),
      );
      expect(resultOf(several)).toEqual(one);
      expect(one.records).toHaveLength(list.length);
      const { sent, ok, failed, cancelled, warmup } = one.summary.counts;
      expect(sent).toBe(ok + failed + cancelled);
      expect(sent + warmup).toBe(list.length);
    }),
    { numRuns: 150 },
  );
});
