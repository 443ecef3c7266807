import { loadSpecSchema, requestRecord, type RequestRecord } from '@bench/core';
import { expect, it } from 'vitest';
import type { LoadResult } from '../result.ts';
import type { TruthRecord } from '../testing/options.ts';
import { clientError } from './client-error.ts';

const load = loadSpecSchema.parse({
  seed: 255,
  data: { kind: 'random', inputTokens: { min: 8, max: 8 }, outputTokens: { min: 3, max: 3 } },
});

function truth(index: number, writesMs: number[], dueMs: number[]): TruthRecord {
  return {
    id: `000000ff-${index}`,
    model: 'm',
    path: '/v1/chat/completions',
    receivedMs: 0,
    bodyMs: 0,
    startedMs: 0,
    writesMs,
    dueMs,
    chunkTokens: writesMs.map(() => 1),
    endMs: null,
    promptTokens: 8,
    cachedTokens: null,
    outputTokens: writesMs.length,
    outcome: 'done',
  };
}

function result(records: RequestRecord[], gaps: Record<number, number[]>): LoadResult {
  return {
    records,
    gaps: Object.entries(gaps).map(([index, list]) => ({ index: Number(index), gapsMs: Float32Array.from(list) })),
    zeroMonotonicMs: 1000,
    summary: { load },
  } as unknown as LoadResult;
}

it('is the stamps minus the writes, on one clock, with the server’s lateness by itself', () => {
  const record = requestRecord({ index: 0, sentMs: 0, firstTokenMs: 101 });
  // Seen at 1101, 1122 and 1144; written at 1100, 1120 and 1140.
  const error = clientError(result([record], { 0: [21, 22] }), [truth(0, [1100, 1120, 1140], [1099, 1119, 1130])]);
  expect(error.ttftMs).toMatchObject({ count: 1, p50: 1 });
  expect(error.stampMs).toMatchObject({ count: 3, p50: 2, max: 4 });
  expect(error.itlMs).toMatchObject({ count: 2, p50: 1.5, max: 2 });
  expect(error.tpotMs).toMatchObject({ count: 1, p50: 1.5 });
  expect(error.serverLateMs).toMatchObject({ count: 3, p50: 1, max: 10 });
});

it('takes measured requests that ended well, and of which the server says the same', () => {
  const at = { sentMs: 0, firstTokenMs: 100 };
  const records = [
    requestRecord({ index: 0, ...at, phase: 'warmup' }),
    requestRecord({ index: 1, ...at, error: { class: 'reset', message: 'cut' } }),
    requestRecord({ index: 2, ...at }),
    requestRecord({ index: 3, ...at }),
  ];
  const truths = [0, 1, 2].map((index) => truth(index, [1100, 1120], [1100, 1120]));
  // Of request 2 a token is missing, and the server never heard of request 3.
  expect(clientError(result(records, { 2: [], 3: [20] }), truths)).toEqual({
    ttftMs: null,
    itlMs: null,
    tpotMs: null,
    stampMs: null,
    serverLateMs: null,
  });
});
