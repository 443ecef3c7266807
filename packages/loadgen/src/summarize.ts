import {
  generatesText,
  summarize,
  summarizeWeighted,
  type ClientObservation,
  type Distribution,
  type LoadSpec,
  type RequestRecord,
  type TokenSource,
  type GapList,
} from '@bench/core';
import { conversationResults } from './conversation-results.ts';
import { isGivenUp } from './given-up.ts';
import { flagsOf } from './flags.ts';
import { goodness } from './goodness.ts';
import { inFlightOf, windowAbove } from './in-flight.ts';
import { classResults, originResults, partResult } from './part-results.ts';
import type { LoadSummary } from './result.ts';
import { percentileBounds } from './percentile-bounds.ts';
import { requestSamples } from './request-samples.ts';
import { eachTokenTime } from './token-times.ts';
import { vllmFigures } from './vllm.ts';

export interface SummarizeOptions {
  load: LoadSpec;
  records: readonly RequestRecord[];
  /** Gaps of the measured requests; where they are missing, ITL and ICL are absent. */
  gaps: readonly GapList[];
  /** ISO 8601, wall clock at the point's zero. */
  startedAt: string;
  /** What the client saw of itself; null: not known. */
  client: ClientObservation | null;
  /** Tokens of the chat template, which all prompts share: cached or not, they warm nothing. Default 0. */
  templateTokens?: number;
  /** Prompts in the file that requests were drawn from; null: not from a file, or not known. Default null. */
  promptEntries?: number | null;
  /** URLs of the servers that requests were dealt to, in that order; more than one: each has figures of its own. Default: one. */
  origins?: readonly string[];
  /** Ended before its end. Default false. */
  interrupted?: boolean;
}

/** Figures of a point from its records: pure, so it gives the same from records read back. Definitions: `METRICS` of `@bench/core`. */
export function summarizeRecords(options: SummarizeOptions): LoadSummary {
  const { load, records, gaps, startedAt, client, origins = [] } = options;
  const measured = records.filter((r) => r.phase === 'measured');
  const ok = measured.filter((r) => r.status === 'ok');
  const failed = measured.filter((r) => r.status === 'failed');
  const gapsOf = new Map(gaps.map((g) => [g.index, g.gapsMs]));
  const durationS = durationOf(measured);
  const samples = requestSamples(ok);
  const distributions = distributionsOf(samples, ok, gapsOf);
  const scalars = scalarsOf({ load, measured, ok, failed: failed.length, durationS, gapsOf, tpot: distributions.tpot_ms });
  const errors: Record<string, number> = {};
  for (const { error } of failed) if (error) errors[error.class] = (errors[error.class] ?? 0) + 1;
  const conversations = conversationResults({ load, measured, figuresOf: (own) => partResult(load, own, durationS) });
  const summary: LoadSummary = {
    schemaVersion: 1,
    load,
    startedAt,
    durationS,
    counts: {
      sent: measured.length,
      ok: ok.length,
      failed: failed.length,
      cancelled: measured.length - ok.length - failed.length,
      warmup: records.length - measured.length,
      ...(load.cancel && { givenUp: measured.filter(isGivenUp).length }),
    },
    errors,
    scalars,
    distributions,
    intervals: percentileBounds(samples),
    ...(load.classes && { classes: classResults(load, measured, durationS) }),
    ...(conversations && { conversations }),
    ...(origins.length > 1 && { origins: originResults(origins, load, measured, durationS) }),
    vllm: vllmFigures({ load, records: measured, gapsOf, durationS }),
    tokenSources: { prompt: commonSource(ok.map((r) => r.promptTokenSource)), output: commonSource(ok.map((r) => r.outputTokenSource)) },
    client,
    flags: [],
  };
  const { templateTokens = 0, promptEntries = null, interrupted = false } = options;
  summary.flags = flagsOf({ summary, measured, templateTokens, promptEntries, interrupted });
  return summary;
}

/** First dispatch to last end, seconds. */
function durationOf(measured: readonly RequestRecord[]): number {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const r of measured) {
    from = Math.min(from, r.sentMs);
    to = Math.max(to, r.endMs ?? r.sentMs);
  }
  return to > from ? (to - from) / 1000 : 0;
}

function distributionsOf(
  samples: ReadonlyMap<string, readonly number[]>,
  ok: readonly RequestRecord[],
  gapsOf: ReadonlyMap<number, Float32Array>,
): Record<string, Distribution> {
  const { values, weights } = tokenGaps(ok, gapsOf);
  const gaps: [string, Distribution | null][] = [
    ['itl_ms', summarizeWeighted(values, weights)],
    ['icl_ms', summarize(pool(ok, gapsOf))],
  ];
  const each = [...samples].map(([name, list]): [string, Distribution | null] => [name, summarize(list)]);
  return Object.fromEntries([...each, ...gaps].flatMap(([name, found]) => (found ? [[name, found] as const] : [])));
}

function pool(ok: readonly RequestRecord[], gapsOf: ReadonlyMap<number, Float32Array>): Float64Array {
  const lists = ok.map((r) => gapsOf.get(r.index)).filter((g) => g !== undefined);
  const out = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    out.set(list, at);
    at += list.length;
  }
  return out;
}

/** Gaps divided by the tokens of a chunk, each weighing as many tokens. */
function tokenGaps(
  ok: readonly RequestRecord[],
  gapsOf: ReadonlyMap<number, Float32Array>,
): { values: Float64Array; weights: Float64Array } {
  const values: number[] = [];
  const weights: number[] = [];
  for (const r of ok) {
    const gaps = gapsOf.get(r.index);
    if (!gaps || gaps.length === 0) continue;
    const perChunk = ((r.outputTokens ?? 0) - 1) / gaps.length;
    if (perChunk <= 0) continue;
    for (const gap of gaps) {
      values.push(gap / perChunk);
      weights.push(perChunk);
    }
  }
  return { values: Float64Array.from(values), weights: Float64Array.from(weights) };
}

interface ScalarOptions {
  load: LoadSpec;
  measured: readonly RequestRecord[];
  ok: readonly RequestRecord[];
  failed: number;
  durationS: number;
  gapsOf: ReadonlyMap<number, Float32Array>;
  tpot: Distribution | undefined;
}

function scalarsOf({ load, measured, ok, failed, durationS, gapsOf, tpot }: ScalarOptions): Record<string, number> {
  const out: Record<string, number> = {};
  if (measured.length === 0) return out;
  out.error_ratio = failed / measured.length;
  const givenUp = measured.filter(isGivenUp).length;
  if (load.cancel) out.given_up_ratio = givenUp / measured.length;
  const flight = inFlightOf(measured);
  out.peak_concurrency = flight.peak;
  if (durationS > 0) out.mean_concurrency = flight.totalMs / 1000 / durationS;
  const total = (of: (r: RequestRecord) => number | null) => ok.reduce((sum, r) => sum + (of(r) ?? 0), 0);
  const input = total((r) => r.promptTokens);
  const output = total((r) => r.outputTokens);
  const streams = generatesText(load.api);
  if (ok.some((r) => r.promptTokens !== null)) out.total_input_tokens = input;
  if (streams) out.total_output_tokens = output;
  if (durationS > 0) {
    out.request_throughput = ok.length / durationS;
    if (streams) out.output_throughput = output / durationS;
    if (out.total_input_tokens !== undefined) {
      out.input_throughput = input / durationS;
      out.total_token_throughput = (input + output) / durationS;
    }
  }
  if (tpot && tpot.p50 > 0) out.user_output_rate = 1000 / tpot.p50;
  const chunks = total((r) => r.chunks);
  if (chunks > 0) out.tokens_per_chunk = output / chunks;
  const told = ok.filter((r) => r.cachedTokens !== null && r.promptTokens !== null);
  const toldPrompt = told.reduce((sum, r) => sum + (r.promptTokens ?? 0), 0);
  if (toldPrompt > 0) out.cached_ratio = told.reduce((sum, r) => sum + (r.cachedTokens ?? 0), 0) / toldPrompt;
  Object.assign(out, goodness(load, measured, durationS));
  const steady = streams ? steadyThroughput({ load, ok, durationS, gapsOf, flight }) : null;
  if (steady !== null) out.steady_output_throughput = steady;
  return out;
}

function steadyThroughput({
  load,
  ok,
  durationS,
  gapsOf,
  flight,
}: Omit<ScalarOptions, 'measured' | 'failed' | 'tpot'> & { flight: ReturnType<typeof inFlightOf> }): number | null {
  // While someone thinks nothing of theirs is in flight: the cap is none of requests.
  if (load.arrival.kind !== 'closed' || load.maxConcurrency === null || load.conversations?.thinkTime) return null;
  const window = windowAbove(flight, 0.95 * load.maxConcurrency);
  if (!window) return null;
  const lengthS = (window.toMs - window.fromMs) / 1000;
  if (lengthS <= 0 || lengthS < 0.1 * durationS) return null;
  let tokens = 0;
  for (const r of ok) {
    eachTokenTime(r, gapsOf.get(r.index), (at, n) => {
      if (at >= window.fromMs && at <= window.toMs) tokens += n;
    });
  }
  return tokens / lengthS;
}

/** The source of a point's counts: the one all share, else the least direct that occurs. */
function commonSource(sources: TokenSource[]): TokenSource {
  const order: TokenSource[] = ['none', 'requested', 'chunk_count', 'client_tokenizer', 'server_usage'];
  return order.find((source) => sources.includes(source)) ?? 'none';
}
