import { type Distribution, type GapList, type PointFlag, type RequestRecord, requestRecord, summarize } from '@bench/core';
import { buildSeries, type LoadResult, type LoadSummary } from '@bench/loadgen';
import { type ForeignResult, parseSglangJson, parseSglangText, parseVllmJson, parseVllmText } from '@bench/results';
import type { EngineClient } from './engine-client-args.ts';
import type { LoadOrder } from './load-place.ts';

/** One request as a client that saved details tells it; milliseconds. */
interface Detail {
  error: string | null;
  /** Since the first one; null: not told. */
  sentMs: number | null;
  ttftMs: number | null;
  gapsMs: number[];
  /** To the last token. */
  e2elMs: number;
  promptTokens: number | null;
  outputTokens: number | null;
}

/** The last result in what a client wrote: in its file, else in its output. @throws BenchError `BENCH_NO_RESULT` when there is none. */
export function readClientResult(client: EngineClient, file: string | null, output: string): ForeignResult {
  const parseFile = client === 'vllm' ? parseVllmJson : parseSglangJson;
  const parseOutput = client === 'vllm' ? parseVllmText : parseSglangText;
  const results = file === null ? parseOutput(output) : parseFile(file);
  return results.at(-1) as ForeignResult;
}

/** A client's result in our shape. Totals and rates are the client's own figures; distributions follow from its details, where there are any. */
export function toLoadResult(options: {
  client: EngineClient;
  order: LoadOrder;
  foreign: ForeignResult;
  startedAt: string;
}): Omit<LoadResult, 'calibration'> {
  const { client, order, foreign, startedAt } = options;
  const { load } = order;
  const details = detailsOf(foreign.native);
  const ok = details.filter((d) => d.error === null);
  const sent = load.numPrompts ?? details.length;
  const done = foreign.counts.ok ?? ok.length;
  const failed = foreign.counts.failed ?? Math.max(0, sent - done);
  const placed = details.every((d) => d.sentMs !== null) ? details : [];
  const records = placed.map((detail, index) => recordOf(detail, index, client));
  const gaps: GapList[] = placed.flatMap((d, index) => (d.error === null ? [{ index, gapsMs: Float32Array.from(d.gapsMs) }] : []));
  const summary: LoadSummary = {
    schemaVersion: 1,
    load,
    startedAt,
    durationS: foreign.durationS ?? 0,
    counts: { sent, ok: done, failed, cancelled: Math.max(0, sent - done - failed), warmup: load.warmupRequests },
    errors: failed > 0 ? { unclassified: failed } : {},
    scalars: foreign.scalars,
    distributions: distributionsOf(ok),
    vllm: foreign.tool === 'vllm' && foreign.format !== 'text' ? numbersOf(foreign.native) : {},
    tokenSources: SOURCES[client],
    client: null,
    flags: flagsOf(client, { failed, sent, detailed: details.length > 0 }),
  };
  return { summary, records, gaps, series: records.length > 0 ? buildSeries(records, gaps) : [], zeroMonotonicMs: 0 };
}

/** vLLM asks for `usage`; SGLang does not, and counts what it asked for unless the server tells unasked. Both count prompts themselves. */
const SOURCES: Record<EngineClient, LoadSummary['tokenSources']> = {
  vllm: { prompt: 'client_tokenizer', output: 'server_usage' },
  sglang: { prompt: 'client_tokenizer', output: 'requested' },
};

function flagsOf(client: EngineClient, seen: { failed: number; sent: number; detailed: boolean }): PointFlag[] {
  const name = client === 'vllm' ? 'vllm bench serve' : 'sglang.bench_serving';
  const less = seen.detailed ? '' : '; it saved no details, so there are no distributions';
  return [
    { code: 'engine_client', message: `measured by ${name}: its definitions, and nothing of what only bench's own client sees${less}` },
    ...(seen.failed > 0 ? [{ code: 'failures' as const, message: `${seen.failed} of ${seen.sent} requests failed` }] : []),
  ];
}

function numbersOf(native: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(Object.entries(native).filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
}

function distributionsOf(ok: readonly Detail[]): Record<string, Distribution> {
  const samples: Record<string, number[]> = {
    ttft_ms: ok.map((d) => d.ttftMs).filter((ms) => ms !== null),
    tpot_ms: ok.flatMap((d) => {
      const tokens = d.outputTokens ?? 0;
      return tokens > 1 && d.ttftMs !== null ? [(d.e2elMs - d.ttftMs) / (tokens - 1)] : [];
    }),
    icl_ms: ok.flatMap((d) => d.gapsMs),
    e2el_ms: ok.map((d) => d.e2elMs),
  };
  const out: Record<string, Distribution> = {};
  for (const [name, values] of Object.entries(samples)) {
    const summary = summarize(values);
    if (summary) out[name] = summary;
  }
  return out;
}

/** The lists of `--save-detailed` and `--output-details`: seconds, an entry a request. Empty when they are not there or do not fit. */
function detailsOf(native: Record<string, unknown>): Detail[] {
  const numbers = (key: string): number[] | null => {
    const list = native[key];
    return Array.isArray(list) && list.every((v) => typeof v === 'number') ? list : null;
  };
  const ttfts = numbers('ttfts');
  const itls = native['itls'];
  if (!ttfts || !Array.isArray(itls) || itls.length !== ttfts.length) return [];
  const gaps = itls as unknown[];
  const ofLength = (list: number[] | null) => (list?.length === ttfts.length ? list : null);
  const inputs = ofLength(numbers('input_lens'));
  const outputs = ofLength(numbers('output_lens'));
  const starts = ofLength(numbers('start_times'));
  const errors = Array.isArray(native['errors']) ? (native['errors'] as unknown[]) : [];
  const zero = starts ? starts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) : 0;
  return ttfts.map((ttft, i) => {
    const gapsMs = (Array.isArray(gaps[i]) ? (gaps[i] as unknown[]) : []).filter((g) => typeof g === 'number').map((g) => g * 1000);
    const error = errors[i];
    return {
      error: typeof error === 'string' && error !== '' ? error : null,
      sentMs: starts ? ((starts[i] as number) - zero) * 1000 : null,
      ttftMs: ttft > 0 ? ttft * 1000 : null,
      gapsMs,
      e2elMs: ttft * 1000 + gapsMs.reduce((a, b) => a + b, 0),
      promptTokens: inputs?.[i] ?? null,
      outputTokens: outputs?.[i] ?? null,
    };
  });
}

function recordOf(detail: Detail, index: number, client: EngineClient): RequestRecord {
  const sentMs = detail.sentMs ?? 0;
  const first = detail.ttftMs === null ? null : sentMs + detail.ttftMs;
  const last = first === null ? null : sentMs + detail.e2elMs;
  const chunks = first === null ? 0 : detail.gapsMs.length + 1;
  const { prompt, output } = SOURCES[client];
  return requestRecord({
    index,
    sentMs,
    firstEventMs: first,
    firstTokenMs: first,
    lastTokenMs: last,
    lastEventMs: last,
    endMs: last ?? sentMs,
    chunks,
    reads: chunks,
    promptTokens: detail.promptTokens,
    outputTokens: detail.outputTokens,
    promptTokenSource: detail.promptTokens === null ? 'none' : prompt,
    outputTokenSource: detail.outputTokens === null ? 'none' : output,
    error: detail.error === null ? null : { class: 'bad_response', message: detail.error.slice(0, 300) },
  });
}
