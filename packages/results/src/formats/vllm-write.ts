import { type ApiKind, eventGaps, generatesText, meanRatePerS, type LoadPointResult, type RequestRecord, type GapList } from '@bench/core';
import { conversationsText } from './conversations-text.ts';
import { steadyText } from './steady-text.ts';
import { VLLM_ROWS, VLLM_SECTIONS } from './vllm-layout.ts';

const WIDTH = 50;

/**
 * The text block that `vllm bench serve` prints, from the point's vLLM figures: header and rules 50 wide, labels padded to 40, values to 10.
 * Rows and sections whose figure is not known are left out, as vLLM leaves out those that do not apply.
 */
export function renderVllmText(point: LoadPointResult): string {
  const figures = figuresOf(point);
  const lines = [centred(' Serving Benchmark Result ', '=')];
  for (const { key, label, digits } of VLLM_ROWS) {
    const value = figures[key];
    if (value !== undefined) lines.push(row(label, digits === 0 ? String(value) : fixed2(value)));
  }
  for (const { key, label, title } of VLLM_SECTIONS) {
    const rows = statistics(figures, key);
    if (rows.length === 0) continue;
    lines.push(centred(title, '-'), ...rows.map(([name, value]) => row(`${name} ${label} (ms)`, fixed2(value))));
  }
  lines.push('='.repeat(WIDTH));
  // Outside of the block, which is vLLM's.
  if (point.steady) lines.push(...steadyText(point, point.steady));
  if (point.conversations) lines.push(...conversationsText(point.conversations));
  return `${lines.join('\n')}\n`;
}

/** The point's vLLM figures, with what the point says outside of them where vLLM has a key for it. */
function figuresOf(point: LoadPointResult): Record<string, number> {
  const { arrival, maxConcurrency, api } = point.load;
  const rate = meanRatePerS(arrival);
  const figures: Record<string, number> = {
    completed: point.counts.ok,
    failed: point.counts.failed,
    ...(maxConcurrency === null ? {} : { max_concurrency: maxConcurrency }),
    ...(rate === null ? {} : { request_rate: rate }),
    duration: point.durationS,
    ...point.vllm,
  };
  // An embedding has no output: vLLM's pooling results have no keys for it, and not zeros.
  return !generatesText(api) ? Object.fromEntries(Object.entries(figures).filter(([key]) => !OF_OUTPUT.test(key))) : figures;
}

const OF_OUTPUT = /output_(tokens|throughput)|_(ttft|tpot|itl)_ms$/;

/** Mean, median and percentiles of one section, as the text names them and in its order. */
function statistics(figures: Record<string, number>, key: string): [string, number][] {
  const named: [string, number | undefined][] = [
    ['Mean', figures[`mean_${key}_ms`]],
    ['Median', figures[`median_${key}_ms`]],
  ];
  const percentiles = Object.entries(figures).flatMap(([name, value]): [string, number][] => {
    const match = /^p(\d+(?:\.\d+)?)_(.+)_ms$/.exec(name);
    return match && match[2] === key ? [[match[1] as string, value]] : [];
  });
  percentiles.sort(([a], [b]) => Number(a) - Number(b));
  return [
    ...named.filter((n): n is [string, number] => n[1] !== undefined),
    ...percentiles.map(([p, value]): [string, number] => [`P${p}`, value]),
  ];
}

export interface VllmJsonOptions {
  point: LoadPointResult;
  model: string;
  /** Default: the model. */
  tokenizer?: string | undefined;
  /** vLLM's `--label`. */
  label?: string | undefined;
  /** Added at the top level, as vLLM's `--metadata K=V`. */
  metadata?: Record<string, string> | undefined;
  /** With records, the lists of `--save-detailed` are written too (seconds; a failed request has zeros). Generated texts are not kept, so that list is left out. */
  records?: readonly RequestRecord[] | undefined;
  /** For the `itls` lists. */
  gaps?: readonly GapList[] | undefined;
}

/** vLLM's names; its own client does not speak the others, which keep ours. */
const ENDPOINTS: Readonly<Partial<Record<ApiKind, string>>> = {
  chat: 'openai-chat',
  completions: 'openai',
  embeddings: 'openai-embeddings',
  rerank: 'vllm-rerank',
};

/**
 * What `vllm bench serve --save-result` writes: one object on one line, aggregates in milliseconds, lists in seconds, `request_rate` the
 * string `"inf"` for a closed loop, and the mean of a rate that changes in time. `date` is the point's start in UTC. `start_times` count from the point's start.
 */
export function renderVllmJson(options: VllmJsonOptions): string {
  const { point, model, records, gaps } = options;
  const { arrival, maxConcurrency, api } = point.load;
  const endpoint = ENDPOINTS[api] ?? api;
  const object: Record<string, unknown> = {
    date: compactDate(point.startedAt),
    endpoint_type: endpoint,
    backend: endpoint,
    label: options.label ?? null,
    model_id: model,
    tokenizer_id: options.tokenizer ?? model,
    num_prompts: point.counts.sent,
    ...options.metadata,
    request_rate: meanRatePerS(arrival) ?? 'inf',
    burstiness: arrival.kind === 'gamma' ? arrival.burstiness : arrival.kind === 'constant' ? 'inf' : 1,
    max_concurrency: maxConcurrency,
    ...figuresOf(point),
    ...(records ? detailed(records, gaps ?? []) : {}),
  };
  // The two belong to what was asked; the figures must not overwrite their form.
  object['request_rate'] = meanRatePerS(arrival) ?? 'inf';
  object['request_goodput'] ??= null;
  return JSON.stringify(object);
}

function detailed(records: readonly RequestRecord[], gaps: readonly GapList[]): Record<string, unknown> {
  const measured = records.filter((r) => r.phase === 'measured').sort((a, b) => a.index - b.index);
  const byIndex = new Map(gaps.map((g) => [g.index, g.gapsMs]));
  const seconds = (r: RequestRecord, to: number | null) => (r.status === 'ok' && to !== null ? (to - r.sentMs) / 1000 : 0);
  return {
    input_lens: measured.map((r) => r.promptTokens ?? r.requestedPromptTokens ?? 0),
    output_lens: measured.map((r) => (r.status === 'ok' ? (r.outputTokens ?? 0) : 0)),
    ttfts: measured.map((r) => seconds(r, r.firstEventMs ?? r.firstTokenMs)),
    itls: measured.map((r) => (r.status === 'ok' ? eventGaps(r, byIndex.get(r.index)).map((ms) => ms / 1000) : [])),
    start_times: measured.map((r) => r.sentMs / 1000),
    errors: measured.map((r) => (r.error ? `${r.error.class}: ${r.error.message}` : '')),
    latencies: measured.map((r) => seconds(r, r.lastEventMs ?? r.lastTokenMs ?? r.endMs)),
    queue_times: measured.map((r) => Math.max(0, r.sentMs - r.intendedMs) / 1000),
  };
}

/** `20260309-053743`, as vLLM writes dates. */
function compactDate(iso: string): string {
  const digits = iso.replace(/[^0-9]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
}

/** Python's `{s:{c}^50}`: what cannot be halved goes to the right. */
function centred(title: string, fill: string): string {
  const left = Math.max(0, Math.floor((WIDTH - title.length) / 2));
  return (fill.repeat(left) + title).padEnd(WIDTH, fill);
}

function row(label: string, value: string): string {
  return `${`${label}:`.padEnd(40)} ${value.padEnd(10)}`;
}

/** Python's `{:.2f}`: ties to even, where `toFixed` takes the larger. Exact ties at two decimals are odd eighths. */
function fixed2(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value * 8) && !Number.isInteger(value * 4)) {
    const below = Math.floor(value * 100);
    return ((below % 2 === 0 ? below : below + 1) / 100).toFixed(2);
  }
  return value.toFixed(2);
}
