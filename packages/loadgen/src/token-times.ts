import type { RequestRecord } from '@bench/core';

/** Calls `each` with the time of every chunk and the output tokens it stands for (the request's mean per chunk). */
export function eachTokenTime(record: RequestRecord, gapsMs: Float32Array | undefined, each: (atMs: number, tokens: number) => void): void {
  const tokens = record.outputTokens ?? 0;
  if (record.firstTokenMs === null || record.chunks === 0) {
    // Not streamed: all that is known is that the answer came whole at its end.
    if (record.endMs !== null && tokens > 0) each(record.endMs, tokens);
    return;
  }
  const perChunk = tokens / record.chunks;
  const gaps = record.chunks - 1;
  const even = gaps > 0 && record.lastTokenMs !== null ? (record.lastTokenMs - record.firstTokenMs) / gaps : 0;
  let at = record.firstTokenMs;
  each(at, perChunk);
  for (let i = 0; i < gaps; i++) {
    at += gapsMs && gapsMs.length === gaps ? (gapsMs[i] as number) : even;
    each(at, perChunk);
  }
}
