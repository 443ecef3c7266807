import type { Engine } from '../runtime/engine.ts';
import { ApiError } from './api-error.ts';
import { send, sendJson, type Exchange } from './exchange.ts';
import { readBoolean, readString, type Fields } from './fields.ts';
import { answerGeneration } from './generation.ts';
import { metricsText } from './metrics.ts';
import { checkedTokens, checkFits, manyTokensOf, messagesOf, tokensOf } from './prompts.ts';

export interface Service {
  engine: Engine;
  /** The name that requests use. */
  model: string;
  /** Seconds since 1970, whole. */
  now(): number;
  nextId(prefix: string): string;
  startedAt: number;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Every path with its methods. */
export function makeRoutes(service: Service): Map<string, Partial<Record<string, Handler>>> {
  const { engine } = service;
  return new Map<string, Partial<Record<string, Handler>>>([
    ['/v1/models', { GET: ({ response }) => sendJson(response, { object: 'list', data: [modelCard(service)] }) }],
    ['/v1/completions', { POST: (exchange) => completions(service, exchange) }],
    ['/v1/chat/completions', { POST: (exchange) => chatCompletions(service, exchange) }],
    ['/v1/embeddings', { POST: (exchange) => embeddings(service, exchange) }],
    ['/tokenize', { POST: (exchange) => tokenize(service, exchange) }],
    ['/detokenize', { POST: (exchange) => detokenize(service, exchange) }],
    [
      '/reset_prefix_cache',
      {
        POST({ response }) {
          engine.resetPrefixCache();
          send(response, { status: 200, type: 'text/plain; charset=utf-8', body: '' });
        },
      },
    ],
    [
      '/metrics',
      {
        GET: ({ response }) => send(response, { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText(engine) }),
      },
    ],
  ]);
}

async function completions(service: Service, exchange: Exchange): Promise<void> {
  const fields = await exchange.json();
  checkModel(service, fields);
  const prompts = manyTokensOf(service.engine, fields.prompt, 'prompt');
  const [prompt] = prompts;
  if (!prompt || prompts.length > 1) throw new ApiError({ status: 400, message: 'one prompt in a request, please', param: 'prompt' });
  await answerGeneration({
    engine: service.engine,
    exchange,
    fields,
    prompt,
    continues: true,
    defaultMaxTokens: 16,
    shape: {
      id: service.nextId('cmpl'),
      created: service.now(),
      model: service.model,
      object: 'text_completion',
      chunkObject: 'text_completion',
      choice: (text, finishReason) => ({ index: 0, text, logprobs: null, finish_reason: finishReason }),
      delta: (text) => ({ index: 0, text, logprobs: null, finish_reason: null }),
      last: (finishReason) => ({ index: 0, text: '', logprobs: null, finish_reason: finishReason }),
    },
  });
}

async function chatCompletions(service: Service, exchange: Exchange): Promise<void> {
  const fields = await exchange.json();
  checkModel(service, fields);
  await answerGeneration({
    engine: service.engine,
    exchange,
    fields,
    prompt: service.engine.encodeChat(messagesOf(fields)),
    continues: false,
    defaultMaxTokens: service.engine.contextLength,
    shape: {
      id: service.nextId('chatcmpl'),
      created: service.now(),
      model: service.model,
      object: 'chat.completion',
      chunkObject: 'chat.completion.chunk',
      choice: (content, finishReason) => ({
        index: 0,
        message: { role: 'assistant', content },
        logprobs: null,
        finish_reason: finishReason,
      }),
      first: () => ({ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }),
      delta: (content) => ({ index: 0, delta: { content }, logprobs: null, finish_reason: null }),
      last: (finishReason) => ({ index: 0, delta: {}, logprobs: null, finish_reason: finishReason }),
    },
  });
}

async function embeddings(service: Service, exchange: Exchange): Promise<void> {
  const fields = await exchange.json();
  checkModel(service, fields);
  const format = readString(fields, 'encoding_format') ?? 'float';
  if (format !== 'float' && format !== 'base64')
    throw new ApiError({ status: 400, message: 'encoding_format must be float or base64', param: 'encoding_format' });
  const inputs = manyTokensOf(service.engine, fields.input, 'input');
  for (const input of inputs) checkFits(service.engine, input.length, 0);
  const vectors = await service.engine.embed(inputs, exchange.signal);
  const tokens = inputs.reduce((sum, input) => sum + input.length, 0);
  sendJson(exchange.response, {
    object: 'list',
    model: service.model,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'float' ? vector : Buffer.from(Float32Array.from(vector).buffer).toString('base64'),
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

async function tokenize(service: Service, exchange: Exchange): Promise<void> {
  const { engine } = service;
  const fields = await exchange.json();
  checkModel(service, fields);
  const special = readBoolean(fields, 'add_special_tokens') ?? true;
  const tokens =
    fields.messages === undefined ? tokensOf(engine, fields.prompt, { param: 'prompt', special }) : engine.encodeChat(messagesOf(fields));
  sendJson(exchange.response, { count: tokens.length, max_model_len: engine.contextLength, tokens });
}

async function detokenize(service: Service, exchange: Exchange): Promise<void> {
  const fields = await exchange.json();
  checkModel(service, fields);
  sendJson(exchange.response, { prompt: service.engine.decode(checkedTokens(service.engine, fields.tokens, 'tokens')) });
}

function checkModel(service: Service, fields: Fields): void {
  const asked = readString(fields, 'model');
  if (asked === undefined || asked === service.model) return;
  throw new ApiError({
    status: 404,
    message: `the model ${JSON.stringify(asked)} does not exist; this server has ${JSON.stringify(service.model)}`,
    param: 'model',
    code: 'model_not_found',
  });
}

function modelCard(service: Service) {
  return {
    id: service.model,
    object: 'model',
    created: service.startedAt,
    owned_by: 'bench',
    root: service.model,
    parent: null,
    max_model_len: service.engine.contextLength,
  };
}
