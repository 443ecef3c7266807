import type { LoadSpec, RequestRecord } from '@bench/core';
import { isGivenUp } from './given-up.ts';
import { tpotOf } from './request-samples.ts';
import { anyLimits, limitsOf } from './slo.ts';

/** What meets its limits, where there are any. */
export function goodness(load: LoadSpec, measured: readonly RequestRecord[], durationS: number): Record<string, number> {
  const out: Record<string, number> = {};
  if (!anyLimits(load)) return out;
  const limits = limitsOf(load);
  const good = measured.filter((r) => r.status === 'ok' && isGood(r, limits(r))).length;
  const asked = measured.length - measured.filter(isGivenUp).length;
  if (asked > 0) out.good_ratio = good / asked;
  if (durationS > 0) out.goodput = good / durationS;
  return out;
}

/** A limit on what was not measured (TTFT of an answer that was not streamed) is not met; a request of one token has no TPOT and meets that limit. */
function isGood(r: RequestRecord, slo: LoadSpec['slo']): boolean {
  const ttft = r.firstTokenMs === null ? Number.POSITIVE_INFINITY : r.firstTokenMs - r.sentMs;
  const e2el = (r.lastTokenMs ?? r.endMs ?? Number.POSITIVE_INFINITY) - r.sentMs;
  return (
    (slo.ttftMs === undefined || ttft <= slo.ttftMs) &&
    (slo.tpotMs === undefined || (tpotOf(r) ?? 0) <= slo.tpotMs) &&
    (slo.e2elMs === undefined || e2el <= slo.e2elMs)
  );
}
