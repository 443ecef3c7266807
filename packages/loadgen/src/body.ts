import type { LoadSpec } from '@bench/core';

export interface ChatMessage {
  role: string;
  content: unknown;
}

/** What one request asks: text, token ids, messages, or documents to be put in order. */
export type Prompt = { text: string } | { ids: number[] } | { messages: ChatMessage[] } | { query: string; documents: string[] };

/** What a body is made of. */
export interface BodyOptions {
  load: LoadSpec;
  model: string;
  prompt: Prompt;
  /** Null: the server's own end. */
  outputTokens: number | null;
  features: { streamUsage: boolean; ignoreEos: boolean };
}

export function isPlainText(prompt: Prompt): boolean {
  return 'text' in prompt;
}

/** For an API that takes a text or token ids. */
export function promptInput(prompt: Prompt): string | number[] {
  if ('ids' in prompt) return prompt.ids;
  if ('text' in prompt) return prompt.text;
  const parts = 'documents' in prompt ? [prompt.query, ...prompt.documents] : prompt.messages.map((m) => m.content);
  return parts.map((part) => (typeof part === 'string' ? part : '')).join('\n');
}

/** For an API that takes messages. */
export function promptMessages(prompt: Prompt): ChatMessage[] {
  if ('messages' in prompt) return prompt.messages;
  return [{ role: 'user', content: promptInput(prompt) }];
}
