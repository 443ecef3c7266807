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
  /** PNGs in base64 that go with it, where the API takes them. */
  images?: readonly string[];
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

/** For an API that takes messages; `images` are its own parts of a message, and are put behind the text of the user's last. */
export function promptMessages(prompt: Prompt, images: readonly object[] = []): ChatMessage[] {
  const messages = 'messages' in prompt ? prompt.messages : [{ role: 'user', content: promptInput(prompt) }];
  if (images.length === 0) return messages;
  const users = messages.findLastIndex(({ role }) => role === 'user');
  const at = users < 0 ? messages.length - 1 : users;
  return messages.map((message, i) => (i === at ? { ...message, content: [...partsOf(message.content), ...images] } : message));
}

function partsOf(content: unknown): unknown[] {
  return Array.isArray(content) ? content : [{ type: 'text', text: content }];
}
