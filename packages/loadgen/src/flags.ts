import { carries, generatesText, meanRatePerS, type LoadSpec, type PointFlag, type RequestRecord } from '@bench/core';
import { achievedRate } from './achieved-rate.ts';
import { clientBound } from './client-bound.ts';
import { isFirstTurn } from './conversation-results.ts';
import type { LoadSummary } from './result.ts';

export interface FlagOptions {
  summary: LoadSummary;
  measured: readonly RequestRecord[];
  templateTokens: number;
  /** Prompts in the file that requests were drawn from; null: none. */
  promptEntries: number | null;
  interrupted: boolean;
}

const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`;

/** What a reader must know before believing the figures. */
export function flagsOf(options: FlagOptions): PointFlag[] {
  const ok = options.measured.filter((r) => r.status === 'ok');
  const found = [
    interrupted(options),
    failures(options),
    clientBound(options.summary, achieved(options)),
    rateMissed(options),
    cacheWarm(options, ok),
    promptsRepeated(options),
    promptLength(ok),
    shortOutput(options, ok),
    tokenSource(options, ok),
    coalesced(options),
    fewSamples(ok),
  ];
  return found.filter((flag) => flag !== null);
}

function interrupted({ interrupted: yes, summary }: FlagOptions): PointFlag | null {
  const cut = summary.counts.cancelled - (summary.counts.givenUp ?? 0);
  return yes
    ? {
        code: 'interrupted',
        message: `stopped before its end: ${summary.counts.ok} requests were done, ${cut} were cancelled`,
      }
    : null;
}

function failures({ summary }: FlagOptions): PointFlag | null {
  if (summary.counts.failed === 0) return null;
  const classes = Object.entries(summary.errors).map(([name, n]) => `${name} ${n}`);
  const unsent = summary.conversations?.turnsNotSent.failed ?? 0;
  const lost = unsent > 0 ? `; ${unsent} later turns of their conversations were not sent` : '';
  return { code: 'failures', message: `${summary.counts.failed} of ${summary.counts.sent} requests failed (${classes.join(', ')})${lost}` };
}

function achieved({ summary, measured, interrupted: cut }: FlagOptions): number | null {
  // Later turns follow from answers, not from a schedule.
  return cut ? null : achievedRate(summary.load, measured.filter(isFirstTurn));
}

function rateMissed(options: FlagOptions): PointFlag | null {
  const reached = achieved(options);
  if (reached === null || reached >= 0.98) return null;
  return { code: 'rate_missed', message: `${percent(reached)} of the asked ${askedRate(options.summary.load)} were sent` };
}

function askedRate({ arrival, conversations }: LoadSpec): string {
  if (arrival.kind === 'stages') return 'rate of one of the stages';
  if (arrival.kind === 'trace') return 'rate of a part of the trace';
  return `${Number(meanRatePerS(arrival)?.toPrecision(6))} ${conversations ? 'conversations' : 'requests'}/s`;
}

function cacheWarm({ summary, templateTokens }: FlagOptions, ok: readonly RequestRecord[]): PointFlag | null {
  const { data } = summary.load;
  if (data.kind === 'random' && data.sharedPrefixTokens > 0) return null;
  // Its prompts share prefixes by their hash ids.
  if (data.kind === 'trace' && data.format === 'mooncake') return null;
  let cached = 0;
  let prompt = 0;
  // What a later turn sends again, the load asks for.
  for (const r of ok.filter(isFirstTurn)) {
    if (r.cachedTokens === null || r.promptTokens === null) continue;
    cached += Math.max(0, r.cachedTokens - templateTokens);
    prompt += r.promptTokens;
  }
  if (prompt === 0 || cached / prompt <= 0.01) return null;
  return {
    code: 'cache_warm',
    message: `${percent(cached / prompt)} of prompt tokens${summary.load.conversations ? ' of first turns' : ''} came from the server's prefix cache, beyond the chat template, without being asked for`,
  };
}

function promptsRepeated({ summary, promptEntries }: FlagOptions): PointFlag | null {
  const sent = summary.counts.sent + summary.counts.warmup;
  if (promptEntries === null || sent <= promptEntries) return null;
  return {
    code: 'prompts_repeated',
    message: `${sent} requests, warm-up included, were drawn from a file of ${promptEntries} prompts: some were sent more than once`,
  };
}

function promptLength(ok: readonly RequestRecord[]): PointFlag | null {
  const told = ok.filter((r) => r.promptTokenSource === 'server_usage' && r.requestedPromptTokens !== null);
  const off = told.filter(
    (r) => Math.abs((r.promptTokens ?? 0) - (r.requestedPromptTokens as number)) > 0.02 * (r.requestedPromptTokens as number),
  );
  if (off.length === 0) return null;
  const worst = off.reduce((a, b) => (distance(b) > distance(a) ? b : a));
  return {
    code: 'prompt_length',
    message: `${off.length} of ${told.length} prompts differ from the asked length by more than 2 % (worst: asked ${worst.requestedPromptTokens}, got ${worst.promptTokens})`,
  };
}

function distance(r: RequestRecord): number {
  return Math.abs((r.promptTokens ?? 0) / Math.max(1, r.requestedPromptTokens ?? 0) - 1);
}

/** Judged on totals: one answer that ends early is the model's business, all together being short is the measurement's. */
function shortOutput({ summary }: FlagOptions, ok: readonly RequestRecord[]): PointFlag | null {
  if (!generatesText(summary.load.api)) return null;
  const asked = ok.filter((r) => r.requestedOutputTokens !== null && r.outputTokens !== null);
  const want = asked.reduce((sum, r) => sum + (r.requestedOutputTokens ?? 0), 0);
  const got = asked.reduce((sum, r) => sum + (r.outputTokens ?? 0), 0);
  if (want === 0 || Math.abs(got - want) <= 0.05 * want) return null;
  return { code: 'short_output', message: `outputs are ${percent(got / want)} of what was asked (${got} of ${want} tokens)` };
}

function tokenSource({ summary }: FlagOptions, ok: readonly RequestRecord[]): PointFlag | null {
  if (!generatesText(summary.load.api) || ok.length === 0) return null;
  const blind = ok.filter((r) => r.outputTokenSource !== 'server_usage' && r.outputTokenSource !== 'client_tokenizer').length;
  if (blind === 0) return countsDiffer(ok);
  return {
    code: 'token_source',
    message: `the server told no token counts for ${blind} of ${ok.length} requests; output tokens are counted as chunks there`,
  };
}

/** The token that ends an answer has no text: servers may count one more for each. */
function countsDiffer(ok: readonly RequestRecord[]): PointFlag | null {
  const both = ok.filter((r) => r.countedOutputTokens !== undefined && r.outputTokens !== null);
  const told = both.reduce((sum, r) => sum + (r.outputTokens ?? 0), 0);
  const counted = both.reduce((sum, r) => sum + (r.countedOutputTokens ?? 0), 0);
  const off = Math.max(counted - told, told - counted - both.length);
  if (off <= 0.02 * told) return null;
  return {
    code: 'token_source',
    message: `the server told ${told} output tokens, which the tokenizer counts as ${counted} (${both.length} answers): is it the model's?`,
  };
}

function coalesced({ summary }: FlagOptions): PointFlag | null {
  const each = summary.client?.eventsPerRead ?? null;
  if (each === null || each <= 2) return null;
  return {
    code: 'coalesced',
    message: `${each.toFixed(1)} token events arrived per socket read: gaps between them describe the socket, not the server`,
  };
}

/** A percentile p needs about 10 ÷ (1 − p) samples beyond which it is more than a guess at the maximum. */
function fewSamples(ok: readonly RequestRecord[]): PointFlag | null {
  if (ok.length === 0) return null;
  const carried = [50, 75, 90, 95, 99].filter((q) => carries(ok.length, q));
  if (carried.length === 5) return null;
  const best = carried.at(-1);
  return {
    code: 'few_samples',
    message:
      best === undefined
        ? `${ok.length} requests carry no percentile, not even the median`
        : `${ok.length} requests carry percentiles up to p${best}; p99 needs 1000`,
  };
}
