import { eventGaps, isGivenUp, meanRatePerS, summarize, type LoadSpec, type RequestRecord } from '@bench/core';
import { inFlightOf } from './in-flight.ts';
import { anyLimits, limitsOf } from './slo.ts';

export interface VllmOptions {
  load: LoadSpec;
  /** Measured records. */
  records: readonly RequestRecord[];
  gapsOf: ReadonlyMap<number, Float32Array>;
  durationS: number;
}

/**
 * The keys of `vllm bench serve --save-result` with vLLM's meanings (`vllm/benchmarks/lib/endpoint_request_func.py`, 2026): every event
 * with a choice counts, whatever it holds. The first is the first token, be it role-only; ITL has one sample per gap between two; E2EL
 * ends with the last, usage and `[DONE]` left out; std is the population's; milliseconds.
 * A request of at most one token has no TPOT sample, and passes a TPOT limit of goodput.
 */
export function vllmFigures({ load, records, gapsOf, durationS }: VllmOptions): Record<string, number> {
  const ok = records.filter((r) => r.status === 'ok');
  const samples: Record<'ttft' | 'tpot' | 'itl' | 'e2el', number[]> = { ttft: [], tpot: [], itl: [], e2el: [] };
  let input = 0;
  let output = 0;
  let good = 0;
  const limits = limitsOf(load);
  for (const r of ok) {
    const tokens = r.outputTokens ?? 0;
    input += r.promptTokens ?? 0;
    output += tokens;
    const e2el = (r.lastEventMs ?? r.lastTokenMs ?? r.endMs ?? r.sentMs) - r.sentMs;
    const first = r.firstEventMs ?? r.firstTokenMs;
    const ttft = first === null ? 0 : first - r.sentMs;
    const tpot = tokens > 1 ? (e2el - ttft) / (tokens - 1) : 0;
    samples.e2el.push(e2el);
    if (first !== null) samples.ttft.push(ttft);
    if (first !== null && tokens > 1) samples.tpot.push(tpot);
    for (const gap of eventGaps(r, gapsOf.get(r.index))) samples.itl.push(gap);
    const { ttftMs, tpotMs, e2elMs } = limits(r);
    if ((ttftMs === undefined || ttft <= ttftMs) && (tpotMs === undefined || tpot <= tpotMs) && (e2elMs === undefined || e2el <= e2elMs))
      good++;
  }
  const per = (n: number) => (durationS > 0 ? n / durationS : 0);
  const out: Record<string, number> = {
    num_prompts: records.length,
    duration: durationS,
    completed: ok.length,
    failed: records.length - ok.length - records.filter(isGivenUp).length,
    total_input_tokens: input,
    total_output_tokens: output,
    request_throughput: per(ok.length),
    output_throughput: per(output),
    total_token_throughput: per(input + output),
    max_output_tokens_per_s: busiestSecond(ok, gapsOf),
    max_concurrent_requests: inFlightOf(records).peak,
  };
  if (anyLimits(load)) out.request_goodput = per(good);
  if (load.maxConcurrency !== null) out.max_concurrency = load.maxConcurrency;
  const rate = meanRatePerS(load.arrival);
  if (rate !== null) out.request_rate = rate;
  if (load.arrival.kind === 'gamma') out.burstiness = load.arrival.burstiness;
  for (const [name, values] of Object.entries(samples)) {
    const summary = summarize(values);
    if (!summary) continue;
    out[`mean_${name}_ms`] = summary.mean;
    out[`median_${name}_ms`] = summary.p50;
    out[`std_${name}_ms`] = summary.std;
    for (const q of ['p90', 'p95', 'p99'] as const) out[`${q}_${name}_ms`] = summary[q];
  }
  return out;
}

/** vLLM's peak: the most events in one second since the first dispatch, whatever an event holds. */
function busiestSecond(ok: readonly RequestRecord[], gapsOf: ReadonlyMap<number, Float32Array>): number {
  const zero = ok.reduce((first, r) => Math.min(first, r.sentMs), Number.POSITIVE_INFINITY);
  const buckets: number[] = [];
  for (const r of ok) {
    const first = r.firstEventMs ?? r.firstTokenMs;
    if (first === null) continue;
    let at = first;
    for (const gap of [0, ...eventGaps(r, gapsOf.get(r.index))]) {
      at += gap;
      const second = Math.floor((at - zero) / 1000);
      buckets[second] = (buckets[second] ?? 0) + 1;
    }
  }
  return buckets.reduce((most, n) => Math.max(most, n ?? 0), 0);
}
