import { METRICS, type OwnMetric, type PointResult, type RequestRecord, summarize } from '@bench/core';
import type { OwnMeasurement } from '@bench/deploy';

const KNOWN = new Set(METRICS.map((metric) => metric.name));

/**
 * What a service's clients or a command brought, as a point without a load. Figures of `metrics.json` keep their names; with several
 * clients each has its client's name before it (`load-1.requests_per_second`), for bench does not know which of them add up. Where
 * every client wrote `requests.jsonl`, latency, throughput and errors are computed from all requests together.
 */
export function ownPoint(measured: OwnMeasurement, where: { point: number; repeat: number }): PointResult {
  const { parts } = measured;
  const scalars: Record<string, number> = {};
  const ownMetrics: Record<string, OwnMetric> = {};
  for (const part of parts) {
    for (const [name, { value, unit, better }] of Object.entries(part.metrics)) {
      // A name that bench defines itself keeps bench's meaning: a client's own stands beside it.
      const plain = parts.length === 1 && !KNOWN.has(name);
      const full = plain ? name : `${part.name}.${name}`;
      scalars[full] = value;
      ownMetrics[full] = { unit, better };
    }
  }
  const requests = parts.every((part) => part.requests !== null) ? parts.flatMap((part) => part.requests ?? []) : null;
  const figures = requests === null || requests.length === 0 ? null : requestFigures(requests);
  return {
    schemaVersion: 1,
    ...where,
    load: null,
    startedAt: measured.startedAt,
    durationS: figures?.durationS ?? measured.durationS,
    counts: figures?.counts ?? { sent: 0, ok: 0, failed: 0, cancelled: 0, warmup: 0 },
    errors: figures?.errors ?? {},
    scalars: { ...scalars, ...figures?.scalars },
    distributions: figures?.distributions ?? {},
    ownMetrics,
    vllm: {},
    tokenSources: null,
    client: null,
    flags: [],
  };
}

function requestFigures(requests: readonly RequestRecord[]) {
  const measured = requests.filter((r) => r.phase === 'measured');
  const of = (status: RequestRecord['status']) => measured.filter((r) => r.status === status);
  const ok = of('ok');
  const counts = {
    sent: measured.length,
    ok: ok.length,
    failed: of('failed').length,
    cancelled: of('cancelled').length,
    warmup: requests.length - measured.length,
  };
  const starts = measured.map((r) => r.sentMs).filter((t): t is number => t !== null);
  const ends = measured.map((r) => r.endMs).filter((t): t is number => t !== null);
  const durationS = starts.length > 0 && ends.length > 0 ? (max(ends) - min(starts)) / 1000 : 0;
  const errors: Record<string, number> = {};
  for (const { error } of measured) if (error) errors[error.class] = (errors[error.class] ?? 0) + 1;
  const spans = (from: keyof RequestRecord & `${string}Ms`, to: keyof RequestRecord & `${string}Ms`) =>
    ok.flatMap((r) => (typeof r[from] === 'number' && typeof r[to] === 'number' ? [r[to] - r[from]] : []));
  const distributions: PointResult['distributions'] = {};
  for (const [name, sample] of [
    ['e2el_ms', spans('sentMs', 'endMs')],
    ['ttft_ms', spans('sentMs', 'firstTokenMs')],
  ] as const) {
    const summary = summarize(sample);
    if (summary) distributions[name] = summary;
  }
  const scalars: PointResult['scalars'] = {};
  if (durationS > 0) scalars['request_throughput'] = ok.length / durationS;
  if (counts.sent > 0) scalars['error_ratio'] = counts.failed / counts.sent;
  return { counts, errors, durationS, scalars, distributions };
}

const max = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
const min = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
