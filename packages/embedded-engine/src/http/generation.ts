import type { Token } from 'node-llama-cpp';

import type { Engine, Generated, GenerateOptions } from '../runtime/engine.ts';
import type { Exchange } from './exchange.ts';
import { sendJson } from './exchange.ts';
import { invalid } from './api-error.ts';
import { asFields, readBoolean, readInteger, readNumber, readStrings, refuse, type Fields } from './fields.ts';
import { checkFits } from './prompts.ts';

/** How an answer looks on the wire: chat or plain completion. */
export interface AnswerShape {
  id: string;
  created: number;
  model: string;
  object: string;
  chunkObject: string;
  /** The only choice of a whole answer. */
  choice(text: string, finishReason: string): unknown;
  /** The only choice of a chunk with text. */
  delta(text: string): unknown;
  /** The only choice of the first chunk, where there is one before any text. */
  first?(): unknown;
  /** The only choice of the chunk that ends the answer. */
  last(finishReason: string): unknown;
}

export interface Generation {
  engine: Engine;
  exchange: Exchange;
  fields: Fields;
  prompt: Token[];
  /** Whether the answer goes on where the prompt's text ends. */
  continues: boolean;
  /** Used when the request names no length. */
  defaultMaxTokens: number;
  shape: AnswerShape;
}

/** Runs one completion and answers with it, whole or as a stream of server-sent events. */
export async function answerGeneration(generation: Generation): Promise<void> {
  const { engine, exchange, fields, shape } = generation;
  const options = readOptions(generation);
  const stream = readBoolean(fields, 'stream') ?? false;
  const includeUsage = readIncludeUsage(fields, stream);
  if (stream) return streamAnswer({ engine, exchange, options, shape, includeUsage });

  const texts: string[] = [];
  const result = await engine.generate({ ...options, onText: (text) => texts.push(text) });
  const { id, object, created, model } = shape;
  sendJson(exchange.response, {
    id,
    object,
    created,
    model,
    choices: [shape.choice(texts.join(''), result.finishReason)],
    usage: usageOf(result),
  });
}

interface StreamAnswer {
  engine: Engine;
  exchange: Exchange;
  options: Omit<GenerateOptions, 'onText'>;
  shape: AnswerShape;
  includeUsage: boolean;
}

async function streamAnswer({ engine, exchange, options, shape, includeUsage }: StreamAnswer): Promise<void> {
  const { response } = exchange;
  const { id, chunkObject, created, model } = shape;
  const head = `data: ${JSON.stringify({ id, object: chunkObject, created, model }).slice(0, -1)},"choices":[`;
  // With `include_usage` every chunk but the last has `"usage": null`, as in OpenAI's API.
  const tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const event = (choice: unknown) => response.write(head + JSON.stringify(choice) + tail);
  const result = await engine.generate({
    ...options,
    // Only now, so that a failure before the first token still is an error response.
    onStart() {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
      if (shape.first) event(shape.first());
    },
    onText: (text) => event(shape.delta(text)),
  });
  event(shape.last(result.finishReason));
  if (includeUsage) response.write(`${head}],"usage":${JSON.stringify(usageOf(result))}}\n\n`);
  response.end('data: [DONE]\n\n');
}

function readOptions({ engine, exchange, fields, prompt, continues, defaultMaxTokens }: Generation): Omit<GenerateOptions, 'onText'> {
  refuse(fields, {
    n: (value) => value === 1,
    best_of: (value) => value === 1,
    echo: (value) => value === false,
    suffix: (value) => value === '',
    logprobs: (value) => value === false,
    logit_bias: isEmpty,
    tools: isEmpty,
    response_format: (value) => asFields(value).type === 'text',
    presence_penalty: (value) => value === 0,
    frequency_penalty: (value) => value === 0,
    repetition_penalty: (value) => value === 1,
  });
  const length = { min: 1, max: 1_000_000 };
  const asked = readInteger(fields, 'max_completion_tokens', length) ?? readInteger(fields, 'max_tokens', length);
  const maxTokens = asked ?? Math.max(1, Math.min(defaultMaxTokens, engine.contextLength - prompt.length));
  checkFits(engine, prompt.length, maxTokens);
  const minTokens = readInteger(fields, 'min_tokens', { min: 0, max: 1_000_000 }) ?? 0;
  if (minTokens > maxTokens) throw invalid('min_tokens', `min_tokens (${minTokens}) is more than max_tokens (${maxTokens})`);
  const seed = readInteger(fields, 'seed', { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  return {
    prompt,
    continues,
    maxTokens,
    minTokens,
    ignoreEos: readBoolean(fields, 'ignore_eos') ?? false,
    temperature: readNumber(fields, 'temperature', { min: 0, max: 100 }) ?? 1,
    topP: readNumber(fields, 'top_p', { min: 0, max: 1 }) ?? 1,
    // vLLM says -1 for "all"; llama.cpp says 0, and its server's own default is 40.
    topK: Math.max(0, readInteger(fields, 'top_k', { min: -1, max: 1_000_000 }) ?? 40),
    minP: readNumber(fields, 'min_p', { min: 0, max: 1 }) ?? 0,
    seed: seed === undefined ? undefined : seed >>> 0,
    stop: readStrings(fields, 'stop', 16),
    signal: exchange.signal,
  };
}

function readIncludeUsage(fields: Fields, stream: boolean): boolean {
  const value = fields.stream_options ?? undefined;
  if (value === undefined) return false;
  if (!stream) throw invalid('stream_options', 'stream_options is allowed only with stream: true');
  return readBoolean(asFields(value), 'include_usage') ?? false;
}

function usageOf(result: Generated) {
  return {
    prompt_tokens: result.promptTokens,
    completion_tokens: result.completionTokens,
    total_tokens: result.promptTokens + result.completionTokens,
    prompt_tokens_details: { cached_tokens: result.cachedTokens },
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
