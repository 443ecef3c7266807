import { BenchError, prng, seedOf } from '@bench/core';
import type { Llama, LlamaModel, Token } from 'node-llama-cpp';

import { makeBatcher } from './batcher.ts';
import { chatFormatOf, type ChatMessage } from './chat-format.ts';
import { makeEmbedder } from './embedder.ts';
import { loadNative, type NativeLog } from './native.ts';
import { nativeContextOf, samplerFactoryOf } from './native-context.ts';
import { makeTextStream } from './text-stream.ts';

export interface EngineOptions {
  modelPath: string;
  /** Sequences that generate at the same time. */
  parallel: number;
  /** Tokens of prompt and answer together, for each sequence. Default: what suits the model. */
  contextLength: number | undefined;
  threads: number;
  /** Seeds requests that bring none. */
  seed: number;
  /** Whether a prompt may reuse what an earlier one with the same beginning left in memory. */
  prefixCaching: boolean;
  /** The file holds generated weights. */
  generated: boolean;
  signal: AbortSignal;
  onPhase(phase: string): void;
  onNativeLog?: NativeLog | undefined;
}

export interface GenerateOptions {
  prompt: readonly Token[];
  /** Whether the text goes on where the prompt's ends, or starts anew. */
  continues: boolean;
  maxTokens: number;
  minTokens: number;
  ignoreEos: boolean;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  seed: number | undefined;
  stop: readonly string[];
  signal: AbortSignal;
  /** Called for each stretch of text that is certain; never with ''. */
  onText(text: string): void;
  /** Called once the first token is there, and before any text. */
  onStart?(): void;
}

export interface Generated {
  finishReason: 'stop' | 'length';
  promptTokens: number;
  /** Sampled tokens, a final end-of-sequence token included. */
  completionTokens: number;
  /** Prompt tokens whose keys and values were reused. */
  cachedTokens: number;
}

export interface EngineStats {
  running: number;
  waiting: number;
  /** Share of the cells for keys and values that running requests hold, 0 to 1. */
  cacheUsage: number;
  promptTokens: number;
  generationTokens: number;
  cachedTokens: number;
}

/** A loaded model with its sequences. */
export interface Engine {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly parallel: number;
  readonly stats: EngineStats;
  /** Tokens of a plain text, with the model's beginning-of-sequence token when it wants one and `special` is true. */
  encode(text: string, special: boolean): Token[];
  encodeChat(messages: readonly ChatMessage[]): Token[];
  decode(tokens: readonly Token[]): string;
  /** Waits for a free sequence, then generates. Rejects with the signal's reason when aborted. */
  generate(options: GenerateOptions): Promise<Generated>;
  /** Unit vectors, in the order of the inputs. */
  embed(inputs: readonly (readonly Token[])[], signal: AbortSignal): Promise<number[][]>;
  /** Forgets every stored prefix. */
  resetPrefixCache(): void;
  close(): Promise<void>;
}

/** The most tokens that one step evaluates. */
const BATCH_TOKENS = 512;

/** Loads the model and makes it ready, reporting the name of each phase as it begins. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  options.onPhase('native_load');
  const llama = await loadNative(options.onNativeLog);
  try {
    return await loadEngine(llama, options);
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

async function loadEngine(llama: Llama, options: EngineOptions): Promise<Engine> {
  const { parallel, threads, signal } = options;
  signal.throwIfAborted();
  options.onPhase('weights_load');
  const model = await llama.loadModel({ modelPath: options.modelPath, gpuLayers: 0, loadSignal: signal });
  const contextLength = contextLengthFor(model, options);
  options.onPhase('context_create');
  const context = await model.createContext({
    sequences: parallel,
    contextSize: contextLength,
    batchSize: BATCH_TOKENS,
    // Measured on the CPU with short contexts, it makes each step a third slower.
    flashAttention: false,
    threads,
    failedCreationRemedy: false,
    createSignal: signal,
  });
  const batcher = makeBatcher({
    native: nativeContextOf(context),
    makeSampler: samplerFactoryOf(model),
    parallel,
    batchSize: BATCH_TOKENS,
    prefixCaching: options.prefixCaching,
  });
  const isEnd = endTokens(model);
  const requestSeeds = prng(seedOf('requests', options.seed));
  const totals = { promptTokens: 0, generationTokens: 0, cachedTokens: 0 };
  const embedder = makeEmbedder({ model, contextLength, threads, onTokens: (count) => (totals.promptTokens += count) });

  const encode = (text: string, special: boolean): Token[] => {
    const tokens = model.tokenize(text, false);
    const { bos, shouldPrependBosToken } = model.tokens;
    if (special && shouldPrependBosToken && bos !== null) tokens.unshift(bos);
    return tokens;
  };
  const encodeChat = await chatFormatOf(model, (text) => encode(text, true), options.generated);

  const generate = async (request: GenerateOptions): Promise<Generated> => {
    const text = makeTextStream({
      detokenize: (tokens, before) => model.detokenize(tokens, false, before),
      after: request.continues ? request.prompt : [],
      stop: request.stop,
    });
    let completionTokens = 0;
    let finishReason: Generated['finishReason'] = 'length';
    let unsent = '';
    let started = false;
    const send = () => {
      if (!started) {
        started = true;
        request.onStart?.();
      }
      if (unsent === '') return;
      const piece = unsent;
      unsent = '';
      request.onText(piece);
    };

    const { cachedTokens } = await batcher.run({
      prompt: request.prompt,
      signal: request.signal,
      sampling: {
        temperature: request.temperature,
        topP: request.topP,
        topK: request.topK,
        minP: request.minP,
        seed: request.seed ?? requestSeeds.integer(0, 0xffff_ffff),
      },
      onToken(token) {
        if (completionTokens === 0) totals.promptTokens += request.prompt.length;
        completionTokens += 1;
        totals.generationTokens += 1;
        const end = isEnd(token);
        if (!end) unsent += text.push(token);
        if (text.stopped || (end && !request.ignoreEos && completionTokens >= request.minTokens)) {
          finishReason = 'stop';
          return false;
        }
        return completionTokens < request.maxTokens;
      },
      afterToken: send,
    });
    totals.cachedTokens += cachedTokens;
    unsent += text.end();
    if (text.stopped) finishReason = 'stop';
    send();
    return { finishReason, promptTokens: request.prompt.length, completionTokens, cachedTokens };
  };

  const engine: Engine = {
    vocabularySize: model.fileInfo.metadata.tokenizer.ggml.tokens.length,
    contextLength,
    parallel,
    get stats() {
      return {
        running: batcher.running + embedder.running,
        waiting: batcher.waiting + embedder.waiting,
        cacheUsage: batcher.heldTokens / (parallel * contextLength),
        ...totals,
      };
    },
    encode,
    encodeChat,
    decode: (tokens) => model.detokenize(tokens, false),
    generate,
    embed: embedder.embed,
    resetPrefixCache: batcher.resetPrefixCache,
    async close() {
      await batcher.close(new Error('the engine is closed'));
      await embedder.close();
      await context.dispose();
      await model.dispose();
      await llama.dispose();
    },
  };

  options.onPhase('warm_up');
  await engine.generate({
    prompt: engine.encode('the', true),
    continues: false,
    maxTokens: 2,
    minTokens: 0,
    ignoreEos: true,
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    seed: 0,
    stop: [],
    signal,
    onText() {},
  });
  Object.assign(totals, { promptTokens: 0, generationTokens: 0, cachedTokens: 0 });
  return engine;
}

function contextLengthFor(model: LlamaModel, { contextLength, generated }: EngineOptions): number {
  const most = model.trainContextSize;
  if (contextLength === undefined) return Math.min(most, generated ? 1024 : 4096);
  if (contextLength <= most) return contextLength;
  throw new BenchError({
    code: 'BENCH_ENGINE_MODEL',
    message: `a context of ${contextLength} tokens is more than the ${most} that the model was made for`,
    hint: `give --context-length ${most} or less`,
    exitCode: 2,
  });
}

/** `isEogToken` crosses into native code; a model's few end tokens are soon known. */
function endTokens(model: LlamaModel): (token: Token) => boolean {
  const known = new Map<Token, boolean>();
  return (token) => {
    let end = known.get(token);
    if (end === undefined) {
      end = model.isEogToken(token);
      known.set(token, end);
    }
    return end;
  };
}
