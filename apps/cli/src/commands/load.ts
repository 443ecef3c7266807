import {
  type ApiKind,
  bearer,
  BenchError,
  EXIT,
  generatesText,
  highestConcurrency,
  type Io,
  lengthsByRatio,
  type LoadSpecInput,
  messageOf,
  printable,
  type RatioMeaning,
  stagesMs,
  type TraceFormat,
  withinTime,
} from '@bench/core';
import { type LoadProgress, runLoad } from '@bench/loadgen';
import { clientErrorText } from '@bench/report';
import { renderVllmText } from '@bench/results';
import { usage } from '../asked.ts';
import { cancelOf } from './load-cancel.ts';
import { imagesOf } from './load-images.ts';
import { type ConversationFlags, conversationsOf } from './load-conversations.ts';
import { modelClasses } from './load-models.ts';
import { withContext } from '../context.ts';
import { durationFlag } from '../duration-flag.ts';
import { warmupOf } from '../warmup-flag.ts';
import { keptSelfcheck } from '../kept-selfcheck.ts';
import { loadText } from '../ui/load-text.ts';
import { originsText } from '../ui/origins-text.ts';
import { Progress } from '../ui/progress.ts';
import { styles } from '../ui/style.ts';
import { extraBodyOf } from './load-extra-body.ts';
import { hfOf, type HfFlags, refuseHfFlags } from './load-hf.ts';
import { type ArrivalFlags, arrivalOf, refuseContradictoryArrivals } from './load-arrival.ts';

export interface LoadFlags extends ArrivalFlags, HfFlags, ConversationFlags {
  model?: string | undefined;
  api: string;
  concurrency?: number | undefined;
  requests?: number | undefined;
  duration?: string | undefined;
  inputLen: string;
  outputLen: string;
  dataset?: string | undefined;
  documents?: number | undefined;
  sharedPrefix: number;
  prefixGroups?: string | undefined;
  cancel?: string | undefined;
  models?: string | undefined;
  images?: string | undefined;
  tokenizer?: string | undefined;
  extraBody?: string | undefined;
  warmup: string;
  timeout: string;
  ignoreEos: boolean;
  stream: boolean;
  apiKeyEnv?: string | undefined;
  sourceAddress?: string[] | undefined;
  seed?: number | undefined;
  strict?: true | undefined;
  json?: true | undefined;
}

/** `bench load`. */
export function load(urls: readonly string[], flags: LoadFlags): Promise<number> {
  return withContext(async ({ io, signal }) => {
    const baseUrl = urls.map(checkUrl);
    refuseContradictions(flags);
    const apiKey = flags.apiKeyEnv === undefined ? undefined : secret(flags.apiKeyEnv, io);
    // TGI has one model, and no name of it in a request.
    const model = flags.model ?? (flags.api === 'tgi' ? 'tgi' : await onlyModel(baseUrl[0] as string, apiKey, io));
    const style = styles(process.stderr);
    const progress = new Progress({ stream: process.stderr, style, clock: io.monotonic });
    progress.status(() => 'preparing');
    const { summary, records } = await runLoad({
      baseUrl,
      model,
      // A seed of its own each time, or a repeated command would measure the server's prefix cache.
      load: { ...spec(flags), seed: flags.seed ?? Math.floor(io.random() * 0x1_0000_0000) },
      ...(apiKey === undefined ? {} : { apiKey }),
      sourceAddresses: flags.sourceAddress,
      selfcheck: await keptSelfcheck(),
      signal,
      onWarning: (text) => progress.line(`${style.yellow('note:')} ${text}`),
      onProgress: (p: LoadProgress) => progress.status(() => loadText(p, style)),
    }).finally(() => progress.close());
    const point = { ...summary, point: 0, repeat: 0 };
    if (flags.json) process.stdout.write(`${JSON.stringify(point, null, 1)}\n`);
    else process.stdout.write(renderVllmText(point) + (summary.origins ? originsText(summary.origins, styles(process.stdout)) : ''));
    for (const flag of summary.flags) process.stderr.write(`${style.yellow('note:')} ${flag.message}\n`);
    const own = clientErrorText([summary.client && (summary.client.accuracy ?? 'not checked')]);
    if (own !== null) process.stderr.write(`the client’s own error: ${own}\n`);
    const failed = records.find((record) => record.phase === 'measured' && record.status === 'failed');
    if (failed?.error)
      process.stderr.write(`${style.yellow('note:')} the first that failed: ${io.redact(printable(failed.error.message))}\n`);
    if (signal.aborted) return EXIT.interrupted;
    if (summary.counts.ok === 0) return EXIT.nothingMeasured;
    return flags.strict && summary.flags.some((f) => f.code !== 'few_samples') ? EXIT.strict : EXIT.ok;
  });
}

/** What `program.ts` gives when nothing was said. */
const UNSAID = { inputLen: '256', outputLen: '128', sharedPrefix: 0 } as const;

/** A flag that would be passed over is refused: the figures would be of another load than the one that was asked for. */
function refuseContradictions(flags: LoadFlags): void {
  const said = (name: keyof typeof UNSAID) => flags[name] !== UNSAID[name];
  if (flags.requests !== undefined && flags.duration !== undefined)
    throw usage('--requests and --duration both say when to end', 'keep one of them');
  refuseContradictoryArrivals(flags, isTrace(flags));
  // What cannot be read is told of before a server is asked for anything.
  if (flags.extraBody !== undefined) extraBodyOf(flags.extraBody);
  if (flags.models !== undefined) modelClasses(flags.models);
  conversationsOf(flags, isMade(flags), range);
  const cancel = flags.cancel === undefined ? undefined : cancelOf(flags.cancel);
  if (cancel && !cancel.afterMs && !(flags.stream && generatesText(flags.api as ApiKind)))
    throw usage('--cancel after a part of the answer needs a stream', 'say after how long, such as --cancel 0.1:2s');
  if (flags.images !== undefined) {
    imagesOf(flags.images);
    if (flags.api !== 'chat' && flags.api !== 'messages')
      throw usage(`--images and --api ${flags.api}`, 'images go with --api chat or messages');
  }
  const ending = flags.requests === undefined ? '--duration' : '--requests';
  if ((flags.stages ?? flags.ramp) !== undefined && (flags.requests !== undefined || flags.duration !== undefined))
    throw usage(
      `${flags.stages === undefined ? 'a --ramp ends by itself' : '--stages end by themselves'}, and ${ending} says another end`,
      `leave ${ending} out`,
    );
  if (flags.ramp !== undefined && flags.concurrency !== undefined)
    throw usage('--ramp and --concurrency both say how many requests are in flight', 'keep one of them');
  if (flags.documents !== undefined && (flags.api !== 'rerank' || !isMade(flags)))
    throw usage('--documents is for random prompts of --api rerank', 'leave it out');
  warmupOf(flags.warmup);
  if (flags.prefixGroups !== undefined) {
    groupsOf(flags.prefixGroups);
    if (flags.sharedPrefix === 0) throw usage('--prefix-groups share a prefix', 'say how long it is with --shared-prefix');
  }
  refuseHfFlags(flags);
  if (!isMade(flags)) {
    const ignored = (['inputLen', 'outputLen', 'sharedPrefix'] as const).find(said);
    if (ignored !== undefined)
      throw usage(`--${ignored.replace(/[A-Z]/, (c) => `-${c.toLowerCase()}`)} is for random prompts`, 'leave it out, or --dataset');
    return;
  }
  const { min } = range(flags.inputLen, '--input-len');
  if (flags.sharedPrefix > min)
    throw usage(`--shared-prefix ${flags.sharedPrefix} is more than a prompt has (--input-len ${flags.inputLen})`, `${min} at most`);
}

function spec(flags: LoadFlags): LoadSpecInput {
  const arrival = arrivalOf(flags, isTrace(flags));
  const open = arrival.kind !== 'closed';
  const ramped = arrival.kind === 'closed' && arrival.stages ? highestConcurrency(arrival.stages) : null;
  const concurrency = flags.concurrency ?? (open ? null : (ramped ?? 1));
  const api = flags.api as ApiKind;
  const conversations = conversationsOf(flags, isMade(flags), range);
  return {
    api,
    arrival,
    maxConcurrency: concurrency,
    ...endOf(flags, arrival, concurrency),
    data: flags.dataset === undefined || flags.dataset === 'sonnet' ? random(flags) : (hfOf(flags) ?? file(flags.dataset)),
    ...(flags.images === undefined ? {} : { images: imagesOf(flags.images) }),
    ...(flags.tokenizer === undefined ? {} : { tokenizer: flags.tokenizer }),
    ...warmupOf(flags.warmup),
    stream: flags.stream && generatesText(api),
    ignoreEos: flags.ignoreEos,
    requestTimeoutMs: durationFlag('--timeout', flags.timeout),
    ...(flags.cancel === undefined ? {} : { cancel: cancelOf(flags.cancel) }),
    ...(flags.models === undefined ? {} : { classes: modelClasses(flags.models) }),
    ...(conversations && { conversations }),
    ...(flags.extraBody === undefined ? {} : { extraBody: extraBodyOf(flags.extraBody) }),
  };
}

function endOf(
  { requests, duration }: LoadFlags,
  arrival: NonNullable<LoadSpecInput['arrival']>,
  concurrency: number | null,
): Pick<LoadSpecInput, 'numPrompts' | 'durationMs'> {
  if ((arrival.kind === 'stages' || arrival.kind === 'closed') && arrival.stages) return { durationMs: stagesMs(arrival.stages) };
  if (arrival.kind === 'trace' && duration === undefined) return requests === undefined ? {} : { numPrompts: requests };
  if (duration !== undefined) return { durationMs: durationFlag('--duration', duration) };
  return { numPrompts: requests ?? (arrival.kind === 'closed' ? (concurrency ?? 1) * 10 : 100) };
}

function random(flags: LoadFlags) {
  return {
    kind: 'random' as const,
    inputTokens: range(flags.inputLen, '--input-len'),
    outputTokens: range(flags.outputLen, '--output-len'),
    sharedPrefixTokens: flags.sharedPrefix,
    ...(flags.dataset === 'sonnet' ? { text: 'sonnet' as const } : {}),
    ...(flags.prefixGroups === undefined ? {} : { prefixGroups: groupsOf(flags.prefixGroups) }),
    ...(flags.documents === undefined ? {} : { documents: flags.documents }),
  };
}

function groupsOf(text: string): { count: number; exponent: number } {
  const match = /^([1-9]\d{0,5})(?::(\d+(?:\.\d+)?))?$/.exec(text);
  const exponent = Number(match?.[2] ?? 1);
  if (!match || exponent > 20)
    throw usage(`--prefix-groups ${text}: expected a number of groups, or with the exponent of Zipf's law, such as 50:1.1`);
  return { count: Number(match[1]), exponent };
}

function range(text: string, flag: string): { min: number; max: number } {
  const ratio = /^(vllm|sglang):(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  const lengths = ratio ? lengthsByRatio(ratio[1] as RatioMeaning, Number(ratio[2]), Number(ratio[3])) : null;
  if (lengths && lengths.max > 0) return lengths;
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const min = Number(match?.[1]);
  const max = Number(match?.[2] ?? match?.[1]);
  if (!match || min > max || max === 0)
    throw usage(`${flag} ${text}: expected a whole number, a range such as 100-400, or a range ratio such as vllm:256:0.5`);
  return { min, max };
}

function file(text: string) {
  const match = /^(jsonl|sharegpt):(.+)$/.exec(text);
  if (match) return { kind: match[1] as 'jsonl' | 'sharegpt', path: match[2] as string };
  const trace = TRACE.exec(text);
  if (!trace)
    throw usage(
      `--dataset ${text}: expected sonnet, jsonl:PATH, sharegpt:PATH, hf:PATH, or a trace: mooncake:PATH, azure:PATH, burstgpt:PATH`,
    );
  return { kind: 'trace' as const, format: trace[1] as TraceFormat, path: trace[2] as string };
}

const TRACE = /^(mooncake|azure|burstgpt):(.+)$/;

/** Are prompts made here, not read from a file? */
function isMade({ dataset }: LoadFlags): boolean {
  return dataset === undefined || dataset === 'sonnet';
}

function isTrace({ dataset }: LoadFlags): boolean {
  return dataset !== undefined && TRACE.test(dataset);
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    const guess = `http://${text}`;
    const hint = !text.includes('://') && URL.canParse(guess) && text.trim() !== '' ? `did you mean ${guess}?` : undefined;
    throw usage(`"${text}" is not an http address`, hint ?? 'for example http://127.0.0.1:8000');
  }
  return text.replace(/\/+$/, '');
}

function secret(name: string, io: Io): string {
  const value = io.secrets.get(name);
  if (value === undefined)
    throw new BenchError({ code: 'BENCH_SECRET_MISSING', message: `the environment variable ${name} is not set`, exitCode: EXIT.provider });
  return value;
}

async function onlyModel(baseUrl: string, apiKey: string | undefined, io: Io): Promise<string> {
  const url = `${baseUrl.replace(/\/v1$/, '')}/v1/models`;
  let names: string[];
  try {
    names = await withinTime({ timeoutMs: 10_000, signal: io.signal }, async (signal) => {
      const response = await io.fetch(url, { headers: bearer(apiKey), signal });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      return ((await response.json()) as { data: { id: string }[] }).data.map((m) => m.id);
    });
  } catch (cause) {
    io.signal.throwIfAborted();
    throw new BenchError({
      code: 'BENCH_SERVER_UNREACHABLE',
      message: `cannot ask ${url} for its models: ${reasonOf(cause)}`,
      hint: 'is the server up? --model NAME spares the question',
      cause,
      exitCode: EXIT.nothingMeasured,
    });
  }
  if (names.length === 1) return names[0] as string;
  throw usage(`the server has ${names.length} models (${names.slice(0, 10).join(', ')}): choose one with --model`);
}

/** `fetch failed` says nothing; what it failed of is in its cause, or in that one's. */
function reasonOf(error: unknown): string {
  const inner = (error as { cause?: unknown } | null)?.cause ?? (error as { errors?: unknown[] } | null)?.errors?.[0];
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string') return code;
  return inner === undefined || inner === null ? messageOf(error) : reasonOf(inner);
}
