import type { LoadSpec } from './load.ts';
import type { RequestRecord } from './record.ts';

/** Time per output token of one request, milliseconds: from its first token to its last, over the tokens after the first. Null: it has fewer than two, or nobody saw them. */
export function tpotOf(r: RequestRecord): number | null {
  const tokens = r.outputTokens ?? 0;
  if (tokens < 2 || r.firstTokenMs === null || r.lastTokenMs === null) return null;
  return (r.lastTokenMs - r.firstTokenMs) / (tokens - 1);
}

/** Did the client give it up because the load asks for that? Those of a stopped run are cancelled, too. */
export function isGivenUp({ error }: Pick<RequestRecord, 'error'>): boolean {
  return error?.class === 'given_up';
}

/**
 * Was it answered within all limits? A limit on what was not measured (TTFT of an answer that was not streamed) is not met; a request of one token has no TPOT and
 * meets that limit.
 */
export function isGood(r: RequestRecord, slo: LoadSpec['slo']): boolean {
  if (r.status !== 'ok') return false;
  const ttft = r.firstTokenMs === null ? Number.POSITIVE_INFINITY : r.firstTokenMs - r.sentMs;
  const e2el = (r.lastTokenMs ?? r.endMs ?? Number.POSITIVE_INFINITY) - r.sentMs;
  return (
    (slo.ttftMs === undefined || ttft <= slo.ttftMs) &&
    (slo.tpotMs === undefined || (tpotOf(r) ?? 0) <= slo.tpotMs) &&
    (slo.e2elMs === undefined || e2el <= slo.e2elMs)
  );
}
