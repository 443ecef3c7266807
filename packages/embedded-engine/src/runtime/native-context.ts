import { BenchError } from '@bench/core/error';
import type { LlamaContext, LlamaModel, Token } from 'node-llama-cpp';

import { NATIVE_VERSION } from './native.ts';

/**
 * The binding under `LlamaContext`: one llama.cpp batch at a time. Nothing here may be called while `decodeBatch` is under way.
 *
 * The public `LlamaContextSequence.evaluate` is not used because a sequence that wants to start must wait for the lock that
 * the running ones keep for as long as any of them has work, and because its bookkeeping costs more than a small model's arithmetic.
 */
export interface NativeContext {
  initBatch(size: number): void;
  /** Adds tokens of a sequence from a position on; gives the batch indexes of those whose logits were asked for. */
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitsOf: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** Takes the next token from the logits at a batch index; -1 when there is none. */
  sampleToken(batchIndex: number, sampler: NativeSampler): Promise<Token | -1>;
  /** Forgets a sequence's cells from `start` up to `end` (-1: all that follow). False when the kind of memory cannot. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  /** Forgets all cells of a sequence. */
  disposeSequence(sequence: number): void;
}

export interface SamplerSettings {
  /** 0 takes the most likely token. */
  temperature: number;
  /** 1 for all. */
  topP: number;
  /** 0 for all. */
  topK: number;
  minP: number;
  /** Unsigned 32 bits. */
  seed: number;
}

export interface NativeSampler {
  applyConfig(settings: SamplerSettings): void;
  dispose(): void;
}

/** What node-llama-cpp keeps from its type declarations; its version is pinned exactly, and the tests run on it. */
interface Internals {
  _ctx?: Partial<NativeContext>;
  _model?: unknown;
  llama?: { _bindings?: { AddonSampler?: new (model: unknown) => NativeSampler } };
}

const METHODS = ['initBatch', 'addToBatch', 'decodeBatch', 'sampleToken', 'removeTokenCellsFromSequence', 'disposeSequence'] as const;

/** @throws BenchError `BENCH_ENGINE_NATIVE` when the installed node-llama-cpp is not the one this was made for. */
export function nativeContextOf(context: LlamaContext): NativeContext {
  const native = (context as unknown as Internals)._ctx;
  if (!native || METHODS.some((method) => typeof native[method] !== 'function')) throw wrongVersion();
  return native as NativeContext;
}

/** @throws BenchError `BENCH_ENGINE_NATIVE` as {@link nativeContextOf}. */
export function samplerFactoryOf(model: LlamaModel): (settings: SamplerSettings) => NativeSampler {
  const internals = model as unknown as Internals;
  const Sampler = internals.llama?._bindings?.AddonSampler;
  if (!Sampler) throw wrongVersion();
  return (settings) => {
    const sampler = new Sampler(internals._model);
    sampler.applyConfig(settings);
    return sampler;
  };
}

function wrongVersion(): BenchError {
  return new BenchError({
    code: 'BENCH_ENGINE_NATIVE',
    message: `the installed node-llama-cpp is not the version ${NATIVE_VERSION} that this engine was made for`,
    hint: `remove what overrides its version, or: npm i node-llama-cpp@${NATIVE_VERSION}`,
    exitCode: 3,
  });
}
