import type { LoadSpec } from '@bench/core';

export interface ChatMessage {
  role: string;
  content: unknown;
}

/** What one request asks: text, token ids or messages. */
export type Prompt = { text: string } | { ids: number[] } | { messages: ChatMessage[] };

export interface BodyOptions {
  load: LoadSpec;
  model: string;
  prompt: Prompt;
  /** Null: the server's own end. */
  outputTokens: number | null;
  features: { streamUsage: boolean; ignoreEos: boolean };
}

/** The JSON body of one request, by OpenAI's API plus `ignore_eos` where the server takes it. `extraBody` wins over everything. */
export function requestBody({ load, model, prompt, outputTokens, features }: BodyOptions): Record<string, unknown> {
  if (load.api === 'embeddings') return { model, input: promptInput(prompt), encoding_format: 'float', ...load.extraBody };
  return {
    model,
    ...(load.api === 'chat' ? { messages: promptMessages(prompt) } : { prompt: promptInput(prompt) }),
    ...(outputTokens === null ? {} : { max_tokens: outputTokens }),
    temperature: load.temperature,
    ...(features.ignoreEos && outputTokens !== null ? { ignore_eos: true } : {}),
    ...(load.stream ? { stream: true, ...(features.streamUsage ? { stream_options: { include_usage: true } } : {}) } : {}),
    ...load.extraBody,
  };
}

function promptInput(prompt: Prompt): string | number[] {
  if ('ids' in prompt) return prompt.ids;
  return 'text' in prompt ? prompt.text : prompt.messages.map((m) => (typeof m.content === 'string' ? m.content : '')).join('\n');
}

function promptMessages(prompt: Prompt): ChatMessage[] {
  if ('messages' in prompt) return prompt.messages;
  return [{ role: 'user', content: promptInput(prompt) }];
}
