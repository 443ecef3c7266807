import {
  generatesText,
  isGivenUp,
  type ClientObservation,
  type Distribution,
  type LoadSpec,
  type RequestRecord,
  type TokenSource,
  type GapList,
} from '@bench/core';
import { conversationResults } from './conversation-results.ts';
import { distributionsOf } from './distributions.ts';
import { flagsOf } from './flags.ts';
import { goodness } from './goodness.ts';
import { type InFlight, inFlightOf } from './in-flight.ts';
import { classResults, originResults, partResult } from './part-results.ts';
import type { LoadSummary } from './result.ts';
import { percentileBounds } from './percentile-bounds.ts';
import { requestSamples } from './request-samples.ts';
import { steadyState } from './steady-state.ts';
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
  const distributions = distributionsOf({ samples, ok, gapsOf });
  const flight = inFlightOf(measured);
  const scalars = scalarsOf({ load, measured, ok, failed: failed.length, durationS, flight, tpot: distributions.tpot_ms });
  const steady = steadyState({ load, measured, gapsOf, flight, durationS });
  // One definition, two places: readers of older results know the figure by this name.
  const steadyOutput = load.arrival.kind === 'closed' ? steady?.scalars.output_throughput : undefined;
  if (steadyOutput !== undefined) scalars.steady_output_throughput = steadyOutput;
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
    ...(steady && { steady }),
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

interface ScalarOptions {
  load: LoadSpec;
  measured: readonly RequestRecord[];
  ok: readonly RequestRecord[];
  failed: number;
  durationS: number;
  flight: InFlight;
  tpot: Distribution | undefined;
}

function scalarsOf({ load, measured, ok, failed, durationS, flight, tpot }: ScalarOptions): Record<string, number> {
  const out: Record<string, number> = {};
  if (measured.length === 0) return out;
  out.error_ratio = failed / measured.length;
  const givenUp = measured.filter(isGivenUp).length;
  if (load.cancel) out.given_up_ratio = givenUp / measured.length;
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
  return out;
}

/** The source of a point's counts: the one all share, else the least direct that occurs. */
function commonSource(sources: TokenSource[]): TokenSource {
  const order: TokenSource[] = ['none', 'requested', 'chunk_count', 'client_tokenizer', 'server_usage'];
  return order.find((source) => sources.includes(source)) ?? 'none';
}
