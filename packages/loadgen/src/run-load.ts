import { availableParallelism } from 'node:os';
import { BenchError, generatesText, highestConcurrency, loadSpecSchema, type LoadSpec, type LoadSpecInput } from '@bench/core';
import { assemble, recordsOf } from './assemble.ts';
import type { Calibration } from './calibration.ts';
import { checkData } from './check-data.ts';
import { type ClientTokenizer, openTokenizer } from './client-tokenizer.ts';
import { clockMs, toEpochMs } from './clock.ts';
import { conversationPlan } from './conversations.ts';
import { dueTimes, isClients } from './deal.ts';
import { machineLimits, type MachineLimits } from './machine-limits.ts';
import { preflight } from './preflight.ts';
import { checkSourceAddresses, originsOf } from './routes.ts';
import { progressReporter } from './progress.ts';
import { quotaUse, usedUp } from './quota-use.ts';
import type { LoadProgress, LoadResult } from './result.ts';
import { parseBaseUrl, type LoadTarget, type ServerAbilities } from './target.ts';
import { accuracyAt, type DatedSelfcheck } from './selfcheck/accuracy.ts';
import { countTokens } from './token-count.ts';
import { readTrace, type TraceRequest } from './trace.ts';
import { workerCount } from './worker-count.ts';
import { builtWorker, startWorkers } from './worker-crew.ts';

/** Between the order to start and the start: long enough to reach every worker. */
const START_DELAY_MS = 20;

export interface RunLoadOptions {
  /**
   * `http://127.0.0.1:8000`, with or without `/v1`. Several: servers of the same model, to which requests are dealt in turn by their index; the first alone is
   * asked for its tokenizer and abilities.
   */
  baseUrl: string | readonly string[];
  /**
   * IP addresses of this machine that requests are sent from, in turn by their index: each has local ports of its own. Default: the system chooses the address,
   * and there are as many ports for each destination.
   */
  sourceAddresses?: readonly string[] | undefined;
  model: string;
  /** Checked and completed by `loadSpecSchema`. */
  load: LoadSpecInput;
  /** Sent as a bearer token. */
  apiKey?: string | undefined;
  /** What the server can. Default: a plain OpenAI server, with the rest tried out. */
  server?: ServerAbilities | undefined;
  /** What an earlier load on the same server and API learnt (`LoadResult.calibration`): spares asking again. */
  calibration?: Calibration | undefined;
  /**
   * A self-check of this machine (`@bench/loadgen/selfcheck`): `summary.client.accuracy` is what it found at about this load, and workers are sized by
   * what one could read.
   */
  selfcheck?: DatedSelfcheck | undefined;
  /**
   * Threads that send. Default: as many as it takes at 25 000 token events/s and 500 streams each, or at what the self-check found, at most one less
   * than there are cores, at least 1.
   */
  workers?: number | undefined;
  /** Told of limits of this machine that the load comes near to, in words, before anything is sent. */
  onWarning?: ((text: string) => void) | undefined;
  /** Called about four times a second. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Stops sending, cancels what is in flight, and returns what is there, flagged `interrupted`. */
  signal?: AbortSignal | undefined;
}

/**
 * Sends one load to one server and measures it, in worker threads away from the caller's event loop.
 * Requests that fail are records, not exceptions.
 * @throws BenchError `BENCH_LOAD` for a load that cannot be run, `BENCH_LOAD_LIMITS` for one that needs more connections than this machine allows, `BENCH_LOAD_URL`, `BENCH_DATASET`, `BENCH_TOKENIZER`, `BENCH_LOADGEN_WORKER`.
 */
export async function runLoad(options: RunLoadOptions): Promise<LoadResult> {
  return await driveLoad(options, builtWorker());
}

export interface DriveOptions extends RunLoadOptions {
  /** Called when the first measured request could be sent, the warm-up being over. Answers when it is to be, on `clockMs`. Default: at once. */
  onReady?: (() => Promise<number>) | undefined;
  /** Default: what the machine says. */
  limits?: MachineLimits | undefined;
}

/** The same with threads that are started from `workerFile`. @throws what `onReady` throws. */
export async function driveLoad(options: DriveOptions, workerFile: URL): Promise<LoadResult> {
  const load = parseLoad(options.load);
  const target = targetOf(options);
  await checkSourceAddresses(target.sourceAddresses ?? []);
  const trace = await traceOf(load);
  const capacity = options.selfcheck?.eventsPerSPerWorker ?? undefined;
  const workers = workerCount({ asked: options.workers, load, trace, capacity, cores: availableParallelism() });
  const destinations = new Set(originsOf(target).map(({ origin }) => origin)).size;
  const sources = target.sourceAddresses?.length;
  const limits = options.limits ?? machineLimits();
  for (const near of preflight({ load, workers, destinations, sources, limits })) options.onWarning?.(near);
  const total = requestsOf(load, trace);
  const tokenizer = load.tokenizer === undefined ? null : await openTokenizer({ path: load.tokenizer, workerFile });
  try {
    return await drive({ ...options, load, target, trace, workers, total, tokenizer }, workerFile);
  } finally {
    await tokenizer?.close();
  }
}

interface Drive extends Omit<DriveOptions, 'load' | 'workers'> {
  load: LoadSpec;
  target: LoadTarget;
  trace: TraceRequest[] | null;
  workers: number;
  /** Measured requests that will be sent here; null: it ends by time. */
  total: number | null;
  tokenizer: ClientTokenizer | null;
}

async function drive(options: Drive, workerFile: URL): Promise<LoadResult> {
  const { load, target, trace, workers, total, tokenizer } = options;
  const crew = startWorkers({ target, load, trace, workers, workerFile });
  const progress = progressReporter({ crew, total, durationMs: load.durationMs ?? null, onProgress: options.onProgress });
  const stopped = onAbort(options.signal, () => crew.abort());
  try {
    const calibration = options.calibration ?? (await crew.calibrate());
    await crew.prepare(calibration);
    if (load.warmupRequests > 0 && !stopped.aborted()) {
      progress.enter('warmup');
      await crew.warmup();
    }
    const asked = stopped.aborted() ? undefined : await options.onReady?.();
    const zeroMs = asked ?? clockMs() + START_DELAY_MS;
    const zeroEpochMs = toEpochMs(zeroMs);
    progress.enter('measuring');
    const quotaBefore = quotaUse();
    const reports = await crew.measure(zeroMs, () => progress.enter('draining'));
    progress.enter('done');
    const quotaUsedUp = usedUp(quotaBefore, quotaUse());
    const seen = recordsOf(reports, zeroMs);
    const texts = reports.flatMap((report) => report.texts);
    const records = tokenizer ? await countTokens({ load, records: seen, texts, tokenizer, stopped: () => stopped.aborted() }) : seen;
    const interrupted = stopped.aborted();
    const origins = originsOf(target).map(({ origin, prefix }) => origin + prefix);
    const result = assemble({ load, origins, reports, records, zeroMs, zeroEpochMs, calibration, quotaUsedUp, interrupted });
    return options.selfcheck ? withAccuracy(result, options.selfcheck) : result;
  } finally {
    stopped.dispose();
    progress.stop();
    await crew.close();
  }
}

function targetOf({ baseUrl, sourceAddresses = [], model, apiKey, server = {} }: RunLoadOptions): LoadTarget {
  const [first, ...more] = (typeof baseUrl === 'string' ? [baseUrl] : baseUrl).map(parseBaseUrl);
  if (!first) throw new BenchError({ code: 'BENCH_LOAD_URL', message: 'no server is named', hint: 'give one base URL or more' });
  return { ...first, more, sourceAddresses: [...new Set(sourceAddresses)], model, apiKey, server };
}

function parseLoad(input: LoadSpecInput): LoadSpec {
  const parsed = loadSpecSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'load'}: ${issue.message}`);
    throw new BenchError({ code: 'BENCH_LOAD', message: `the load is not valid\n${problems.join('\n')}`, cause: parsed.error });
  }
  const load = parsed.data;
  checkData(load);
  if (load.numPrompts === undefined && load.durationMs === undefined && !endsItself(load)) {
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'the load has no end',
      hint: 'give a number of requests (numPrompts) or a duration (durationMs)',
    });
  }
  if (load.warmupMs !== undefined && load.warmupRequests === 0)
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'a warm-up has a time, and no requests to send',
      hint: 'say with warmupRequests how many it may send at most',
    });
  if (load.arrival.kind === 'closed' && load.maxConcurrency === null) {
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'a closed loop needs a concurrency',
      hint: 'set maxConcurrency, or an arrival rate',
    });
  }
  const highest = load.arrival.kind === 'closed' && load.arrival.stages ? highestConcurrency(load.arrival.stages) : 0;
  if (load.maxConcurrency !== null && highest > load.maxConcurrency)
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: `a stage has ${highest} requests in flight, which is more than the concurrency of the load (${load.maxConcurrency})`,
      hint: 'set maxConcurrency to the highest of the stages',
    });
  if ((load.arrival.kind === 'trace') !== (load.data.kind === 'trace'))
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'arrivals of a trace and its lengths go together: both kinds are "trace", or none',
    });
  if (load.data.kind === 'random' && load.data.prefixGroups && load.data.sharedPrefixTokens === 0)
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'groups of prompts share a prefix, which has no length',
      hint: 'set data.sharedPrefixTokens',
    });
  if (load.cancel && !load.cancel.afterMs && !(load.stream && generatesText(load.api)))
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'requests cannot be given up after a part of their answer, which is not streamed',
      hint: 'say after how long (cancel.afterMs)',
    });
  return load;
}

function endsItself({ arrival }: LoadSpec): boolean {
  if (arrival.kind === 'closed') return arrival.stages !== undefined;
  return arrival.kind === 'stages' || arrival.kind === 'trace';
}

async function traceOf({ arrival, data, numPrompts, durationMs }: LoadSpec): Promise<TraceRequest[] | null> {
  if (arrival.kind !== 'trace' || data.kind !== 'trace') return null;
  return await readTrace({ path: data.path, format: data.format, speed: arrival.speed, count: numPrompts, durationMs });
}

/** Measured requests that will be sent here; null: it ends by time. */
function requestsOf(load: LoadSpec, trace: readonly TraceRequest[] | null): number | null {
  const plan = conversationPlan(load);
  // A conversation that goes on at the end is cut there, and nobody knows before how many do.
  if (plan && load.durationMs !== undefined) return null;
  const total = dueTimes(load, trace)?.length ?? plan?.count ?? load.numPrompts;
  if (total === undefined || !Number.isFinite(total)) return null;
  let mine = 0;
  for (let i = 0; i < total; i++) if (isClients(load, i)) mine += plan ? plan.ordinals(i).length : 1;
  return mine;
}

function onAbort(signal: AbortSignal | undefined, stop: () => void): { aborted(): boolean; dispose(): void } {
  let hit = false;
  const listener = () => {
    hit = true;
    stop();
  };
  if (signal?.aborted) listener();
  else signal?.addEventListener('abort', listener, { once: true });
  return { aborted: () => hit, dispose: () => signal?.removeEventListener('abort', listener) };
}

function withAccuracy(result: LoadResult, selfcheck: DatedSelfcheck): LoadResult {
  const { client, scalars } = result.summary;
  const accuracy = accuracyAt(selfcheck, scalars.peak_concurrency ?? 1);
  return client && accuracy ? { ...result, summary: { ...result.summary, client: { ...client, accuracy } } } : result;
}
