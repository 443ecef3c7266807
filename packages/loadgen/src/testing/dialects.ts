export type Json = Record<string, unknown>;

/** How one API asks and answers. Frames are what goes over the wire, line ends included. */
export interface Dialect {
  /** Path of the OpenAI API that a request amounts to. */
  as: string;
  request(body: Json): Json;
  contentType: string;
  start(): string[];
  token(text: string, reasoning: boolean): string;
  end(finish: string, usage: Json | null): string[];
  error(message: string): string;
  /** An event that is not JSON. */
  raw(data: string): string;
  /** A whole answer, from OpenAI's. */
  whole(answer: Json): string;
}

const CHAT = '/v1/chat/completions';
const sse = (event: Json) => `${typeof event.type === 'string' ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
const line = (event: Json) => `${JSON.stringify(event)}\n`;
const SSE = { contentType: 'text/event-stream', raw: (data: string) => `data: ${data}\n\n` };

/** The request in OpenAI's words; usage is always told, as these APIs do. */
function asked(body: Json, maxTokens: unknown): Json {
  return { ...body, ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }), stream_options: { include_usage: true } };
}

function said(answer: Json): { text: string; finish: string; usage: Json } {
  const choice = (answer.choices as Json[])[0] as Json;
  const text = (choice.message as Json | undefined)?.content ?? choice.text;
  return { text: String(text), finish: String(choice.finish_reason), usage: (answer.usage ?? {}) as Json };
}

const details = (usage: Json | null, key: string, field: string) => (usage?.[key] as Json | undefined)?.[field];

const responsesUsage = (usage: Json | null) =>
  usage && {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: { cached_tokens: details(usage, 'prompt_tokens_details', 'cached_tokens') ?? 0 },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: details(usage, 'completion_tokens_details', 'reasoning_tokens') ?? 0 },
  };

const responseObject = (finish: string, usage: Json | null, output: Json[]): Json => ({
  object: 'response',
  status: finish === 'length' ? 'incomplete' : 'completed',
  error: null,
  incomplete_details: finish === 'length' ? { reason: 'max_output_tokens' } : null,
  output,
  usage: responsesUsage(usage),
});

const responses: Dialect = {
  ...SSE,
  as: CHAT,
  request({ input, max_output_tokens, ...body }) {
    return asked({ ...body, messages: typeof input === 'string' ? [{ role: 'user', content: input }] : input }, max_output_tokens);
  },
  start: () => [sse({ type: 'response.created', response: { object: 'response', status: 'in_progress', usage: null } })],
  token: (delta, reasoning) => sse({ type: reasoning ? 'response.reasoning_text.delta' : 'response.output_text.delta', delta }),
  end(finish, usage) {
    const response = responseObject(finish, usage, []);
    return [sse({ type: `response.${String(response.status)}`, response })];
  },
  error: (message) => sse({ type: 'error', code: 'server_error', message }),
  whole(answer) {
    const { text, finish, usage } = said(answer);
    return JSON.stringify(responseObject(finish, usage, [{ type: 'message', content: [{ type: 'output_text', text }] }]));
  },
};

const stopReason = (finish: string) => (finish === 'length' ? 'max_tokens' : 'end_turn');

const messages: Dialect = {
  ...SSE,
  as: CHAT,
  request: (body) => asked(body, body.max_tokens),
  start: () => [sse({ type: 'message_start', message: { type: 'message', content: [], usage: { input_tokens: 0, output_tokens: 0 } } })],
  token: (text, reasoning) =>
    sse({
      type: 'content_block_delta',
      index: 0,
      delta: reasoning ? { type: 'thinking_delta', thinking: text } : { type: 'text_delta', text },
    }),
  end: (finish, usage) => [
    sse({
      type: 'message_delta',
      delta: { stop_reason: stopReason(finish) },
      usage: { input_tokens: usage?.prompt_tokens, output_tokens: usage?.completion_tokens },
    }),
    sse({ type: 'message_stop' }),
  ],
  error: (message) => sse({ type: 'error', error: { type: 'api_error', message } }),
  whole(answer) {
    const { text, finish, usage } = said(answer);
    const counts = { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens };
    return JSON.stringify({ type: 'message', content: [{ type: 'text', text }], stop_reason: stopReason(finish), usage: counts });
  },
};

const ollamaEnd = (content: string, finish: string, usage: Json | null): Json => ({
  message: { role: 'assistant', content },
  done: true,
  done_reason: finish,
  prompt_eval_count: usage?.prompt_tokens,
  eval_count: usage?.completion_tokens,
});

const ollama: Dialect = {
  as: CHAT,
  request: (body) => asked(body, (body.options as Json | undefined)?.num_predict),
  contentType: 'application/x-ndjson',
  start: () => [],
  token: (text, reasoning) =>
    line({ message: { role: 'assistant', ...(reasoning ? { content: '', thinking: text } : { content: text }) }, done: false }),
  end: (finish, usage) => [line(ollamaEnd('', finish, usage))],
  error: (message) => line({ error: message }),
  raw: (data) => `${data}\n`,
  whole(answer) {
    const { text, finish, usage } = said(answer);
    return JSON.stringify(ollamaEnd(text, finish, usage));
  },
};

const tgiDetails = (finish: string, usage: Json | null) => ({
  finish_reason: finish === 'length' ? 'length' : 'eos_token',
  generated_tokens: usage?.completion_tokens,
});

const tgi: Dialect = {
  ...SSE,
  as: '/v1/completions',
  request: ({ inputs, parameters }) => asked({ prompt: inputs, stream: true }, (parameters as Json | undefined)?.max_new_tokens),
  start: () => [],
  token: (text) => sse({ token: { id: 7, text, special: false }, generated_text: null, details: null }),
  end: (finish, usage) => [
    sse({
      token: { id: 2, text: '</s>', special: true },
      generated_text: 'all of it',
      details: { ...tgiDetails(finish, usage), input_length: usage?.prompt_tokens },
    }),
  ],
  error: (message) => sse({ error: message, error_type: 'generation' }),
  whole(answer) {
    const { text, finish, usage } = said(answer);
    return JSON.stringify({ generated_text: text, details: tgiDetails(finish, usage) });
  },
};

const llamacppEnd = (content: string, finish: string, usage: Json | null): Json => ({
  content,
  stop: true,
  stop_type: finish === 'length' ? 'limit' : 'eos',
  tokens_predicted: usage?.completion_tokens,
  tokens_evaluated: usage?.prompt_tokens,
  timings: { cache_n: details(usage, 'prompt_tokens_details', 'cached_tokens') ?? 0 },
});

const llamacpp: Dialect = {
  ...SSE,
  as: '/v1/completions',
  request: (body) => asked(body, body.n_predict),
  start: () => [],
  token: (content) => sse({ content, tokens: [7], stop: false }),
  end: (finish, usage) => [sse(llamacppEnd('', finish, usage))],
  error: (message) => sse({ error: { code: 500, message } }),
  whole(answer) {
    const { text, finish, usage } = said(answer);
    return JSON.stringify(llamacppEnd(text, finish, usage));
  },
};

const rerank: Dialect = {
  ...SSE,
  as: '/v1/embeddings',
  request: ({ model, query, documents }) => ({ model, input: '', pairs: (documents as string[]).map((text) => [String(query), text]) }),
  start: () => [],
  token: () => '',
  end: () => [],
  error: () => '',
  whole: ({ usage }) => JSON.stringify({ model: 'test', results: [{ index: 0, relevance_score: 0.5 }], usage }),
};

/** By path. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  '/v1/responses': responses,
  '/v1/messages': messages,
  '/api/chat': ollama,
  '/generate_stream': tgi,
  '/generate': { ...tgi, request: (body) => ({ ...tgi.request(body), stream: false }) },
  '/completion': llamacpp,
  '/v1/rerank': rerank,
};
