import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';

import { BenchError, messageOf, PhaseTimer, type Phase } from '@bench/core';

import { makeHttpServer } from './http/server.ts';
import { openEngine, type Engine } from './runtime/engine.ts';
import type { NativeLog } from './runtime/native.ts';
import { ensureRandomWeights } from './weights/cache.ts';
import type { RandomSize } from './weights/random-llama.ts';

/** Generated weights, or a GGUF file. */
export type ModelSource = { random: RandomSize; seed?: number | undefined; cacheDir: string } | { gguf: string };

export interface EmbeddedEngineOptions {
  model: ModelSource;
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** Default 0: a free one. */
  port?: number | undefined;
  /** The name in requests and in `/v1/models`. Default `random-tiny`, `random-small`, or the file's name without `.gguf`. */
  servedModelName?: string | undefined;
  /** Requests that generate at the same time; the others queue. Default 8. */
  parallel?: number | undefined;
  /** Tokens of prompt and answer together, for each request. Default 1024 for generated weights, 4096 for a file, or less where the model was made for less. */
  contextLength?: number | undefined;
  /** Threads for arithmetic. Default 1: on few cores, more compete with the thread that serves HTTP. */
  threads?: number | undefined;
  /** Seeds requests that bring no seed. Default 1. */
  seed?: number | undefined;
  /** When set, everything but `/health` wants `Authorization: Bearer <key>`. */
  apiKey?: string | undefined;
  /** Whether prompts reuse the memory of earlier ones with the same beginning, in blocks of 16 tokens. Default true; `usage` says how much. */
  prefixCaching?: boolean | undefined;
  /** Default 16 MiB. */
  maxBodyBytes?: number | undefined;
  /** Stops a start that is under way. */
  signal?: AbortSignal | undefined;
  /** Called as each phase of starting ends. */
  onPhase?: ((phase: Phase) => void) | undefined;
  onNativeLog?: NativeLog | undefined;
  /** Called for a failure inside the server that a client saw as status 500. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface EmbeddedEngine {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, without `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /**
   * Refuses new requests with 503, waits up to `graceMs` (default 0) for those in flight, cuts off the rest, and frees
   * everything. Idempotent; the first call's grace counts.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

/**
 * Loads the model and serves it. Resolves when it answers.
 * @throws BenchError `BENCH_ENGINE_PLATFORM`, `BENCH_ENGINE_NATIVE`, `BENCH_ENGINE_CACHE`, `BENCH_ENGINE_MODEL`, `BENCH_ENGINE_LISTEN`.
 */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  const { host = '127.0.0.1', port = 0, seed = 1 } = options;
  const signal = options.signal ?? new AbortController().signal;
  const phase = phaseReporter(options.onPhase);

  const modelPath = await resolveModel(options.model, signal, phase.begin);
  const engine = await open(options, { modelPath, seed, signal, onPhase: phase.begin });
  phase.begin('listen');
  const model = options.servedModelName ?? nameOf(options.model);
  const idPrefix = randomBytes(6).toString('hex');
  let requests = 0;
  const now = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);
  const http = makeHttpServer({
    service: { engine, model, now, startedAt: now(), nextId: (kind) => `${kind}-${idPrefix}${(requests++).toString(36).padStart(6, '0')}` },
    apiKey: options.apiKey,
    maxBodyBytes: options.maxBodyBytes ?? 16 * 2 ** 20,
    onError: options.onError ?? (() => {}),
  });
  try {
    await listen(http.server, host, port);
  } catch (error) {
    await engine.close();
    throw new BenchError({
      code: 'BENCH_ENGINE_LISTEN',
      message: `cannot listen on ${host}:${port}: ${messageOf(error)}`,
      hint: 'use --port 0 for a free port',
      cause: error,
    });
  }
  phase.end();

  const actualPort = (http.server.address() as AddressInfo).port;
  let closing: Promise<void> | undefined;
  return {
    host,
    port: actualPort,
    baseUrl: `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    model,
    close: ({ graceMs = 0 } = {}) => (closing ??= http.drain(graceMs).then(() => engine.close())),
  };
}

async function resolveModel(model: ModelSource, signal: AbortSignal, begin: (phase: string) => void): Promise<string> {
  if ('gguf' in model) return model.gguf;
  begin('weights_write');
  return ensureRandomWeights({ size: model.random, seed: model.seed, cacheDir: model.cacheDir, signal });
}

interface OpenInput {
  modelPath: string;
  seed: number;
  signal: AbortSignal;
  onPhase(phase: string): void;
}

async function open(options: EmbeddedEngineOptions, input: OpenInput): Promise<Engine> {
  try {
    return await openEngine({
      ...input,
      parallel: options.parallel ?? 8,
      contextLength: options.contextLength,
      threads: options.threads ?? 1,
      prefixCaching: options.prefixCaching ?? true,
      generated: 'random' in options.model,
      onNativeLog: options.onNativeLog,
    });
  } catch (error) {
    if (BenchError.is(error) || input.signal.aborted) throw error;
    throw new BenchError({
      code: 'BENCH_ENGINE_MODEL',
      message: `cannot load ${input.modelPath}: ${messageOf(error)}`,
      hint: 'give a GGUF file that llama.cpp can read; if memory is short, lower --context-length or --parallel',
      cause: error,
    });
  }
}

function nameOf(model: ModelSource): string {
  return 'gguf' in model ? basename(model.gguf).replace(/\.gguf$/i, '') : `random-${model.random}`;
}

function phaseReporter(onPhase: ((phase: Phase) => void) | undefined) {
  const timer = new PhaseTimer(() => performance.now());
  let reported = 0;
  const report = () => {
    for (const phase of timer.phases.slice(reported)) onPhase?.(phase);
    reported = timer.phases.length;
  };
  return {
    begin(name: string) {
      timer.end();
      report();
      timer.begin(name);
    },
    end() {
      timer.end();
      report();
    },
  };
}

function listen(server: ReturnType<typeof makeHttpServer>['server'], host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
