import { tpotOf, type RequestRecord } from '@bench/core';

/** Figures that every request has one of, if any; in the order in which they are told. */
export function requestSamples(ok: readonly RequestRecord[]): Map<string, number[]> {
  const since = (from: number, to: number | null) => (to === null ? null : to - from);
  const figures: Record<string, (r: RequestRecord) => number | null> = {
    ttfb_ms: (r) => since(r.sentMs, r.firstByteMs),
    ttft_ms: (r) => since(r.sentMs, r.firstTokenMs),
    ttfo_ms: (r) => since(r.sentMs, r.firstAnswerMs),
    tpot_ms: tpotOf,
    e2el_ms: (r) => since(r.sentMs, r.lastTokenMs ?? r.endMs),
    queue_ms: (r) => r.sentMs - r.intendedMs,
    ttft_intended_ms: (r) => since(r.intendedMs, r.firstTokenMs),
    e2el_intended_ms: (r) => since(r.intendedMs, r.lastTokenMs ?? r.endMs),
  };
  return new Map(Object.entries(figures).map(([name, of]) => [name, ok.map(of).filter((value) => value !== null)]));
}
