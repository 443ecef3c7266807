import { type LoadPointResult, pointResultSchema, type RequestRecord } from '@bench/core';

/** A valid point for tests, with the given vLLM figures. */
export function pointWith(vllm: Record<string, number>, load: Record<string, unknown> = {}): LoadPointResult {
  return pointResultSchema.parse({
    schemaVersion: 1,
    point: 0,
    repeat: 0,
    load: {
      data: { kind: 'random', inputTokens: { min: 100, max: 100 }, outputTokens: { min: 50, max: 50 } },
      maxConcurrency: 8,
      numPrompts: 40,
      ...load,
    },
    startedAt: '2026-03-09T05:37:43.123Z',
    durationS: 430.594,
    counts: { sent: 41, ok: 40, failed: 1, cancelled: 0, warmup: 0 },
    errors: { timeout: 1 },
    scalars: {},
    distributions: {},
    vllm,
    tokenSources: { prompt: 'server_usage', output: 'server_usage' },
    client: null,
    flags: [],
  }) as LoadPointResult;
}

/** A finished request for tests. */
export function recordWith(changes: Partial<RequestRecord>): RequestRecord {
  return {
    index: 0,
    phase: 'measured',
    status: 'ok',
    intendedMs: 0,
    sentMs: 1,
    firstByteMs: 5,
    firstEventMs: 6,
    firstTokenMs: 7,
    firstAnswerMs: 7,
    lastTokenMs: 107,
    lastEventMs: 107,
    endMs: 108,
    chunks: 3,
    eventsBefore: 1,
    eventsAfter: 0,
    reads: 3,
    promptTokens: 100,
    cachedTokens: 0,
    outputTokens: 50,
    reasoningTokens: 0,
    promptTokenSource: 'server_usage',
    outputTokenSource: 'server_usage',
    requestedPromptTokens: 100,
    requestedOutputTokens: 50,
    finishReason: 'length',
    connection: 'reused',
    worker: 0,
    httpStatus: 200,
    error: null,
    ...changes,
  };
}
