import type { Token } from 'node-llama-cpp';

import type { ChatMessage } from '../runtime/chat-format.ts';
import type { Engine } from '../runtime/engine.ts';
import { ApiError, invalid } from './api-error.ts';
import { asFields, type Fields } from './fields.ts';

/** Longer than any token of a vocabulary in use. */
const MAX_CHARACTERS_PER_TOKEN = 256;

/** The tokens of a text or of a list of token ids; ids are taken as they are. */
export function tokensOf(engine: Engine, value: unknown, options: { param: string; special: boolean }): Token[] {
  if (typeof value === 'string') {
    // The tokenizer runs on the thread that serves everyone, so what cannot fit is not even tokenized.
    if (value.length > engine.contextLength * MAX_CHARACTERS_PER_TOKEN) throw tooLong(`more than ${engine.contextLength} tokens`, engine);
    return engine.encode(value, options.special);
  }
  if (isTokenList(value)) return checkedTokens(engine, value, options.param);
  throw invalid(options.param, `${options.param} must be a string or a list of token ids`);
}

/** One prompt, or several: a string, a list of ids, or a list of either. */
export function manyTokensOf(engine: Engine, value: unknown, param: string): Token[][] {
  const one = typeof value === 'string' || (isTokenList(value) && value.length > 0);
  if (!one && !Array.isArray(value)) throw invalid(param, `${param} must be a string, a list of token ids, or a list of these`);
  const list: unknown[] = one ? [value] : (value as unknown[]);
  if (list.length === 0) throw invalid(param, `${param} must not be empty`);
  return list.map((item) => tokensOf(engine, item, { param, special: true }));
}

/** Token ids that the model knows. */
export function checkedTokens(engine: Engine, value: unknown, param: string): Token[] {
  if (!isTokenList(value)) throw invalid(param, `${param} must be a list of token ids`);
  const unknown = value.find((id) => !Number.isInteger(id) || id < 0 || id >= engine.vocabularySize);
  if (unknown !== undefined) throw invalid(param, `${param} holds ${unknown}; token ids go from 0 to ${engine.vocabularySize - 1}`);
  return value as Token[];
}

/** The messages of a chat request, with text parts joined. */
export function messagesOf(fields: Fields): ChatMessage[] {
  const { messages } = fields;
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages', 'messages must be a list with at least one message');
  return messages.map((entry: unknown, index): ChatMessage => {
    const message = asFields(entry);
    const { role } = message;
    if (role === 'system' || role === 'developer') return { role: 'system', content: contentOf(message.content, index) };
    if (role === 'user' || role === 'assistant') return { role, content: contentOf(message.content, index) };
    throw invalid('messages', `messages[${index}].role must be system, developer, user or assistant`);
  });
}

/** Refuses what does not fit into a sequence. */
export function checkFits(engine: Engine, promptTokens: number, answerTokens: number): void {
  if (promptTokens === 0) throw new ApiError({ status: 400, message: 'the prompt must have at least one token', param: 'prompt' });
  if (promptTokens + answerTokens <= engine.contextLength) return;
  throw tooLong(`${promptTokens} tokens in the prompt and asks for ${answerTokens} more`, engine);
}

function tooLong(what: string, engine: Engine): ApiError {
  return new ApiError({
    status: 400,
    message: `this model's maximum context length is ${engine.contextLength} tokens; the request has ${what}`,
    code: 'context_length_exceeded',
  });
}

function contentOf(content: unknown, index: number): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) {
    return content
      .map((entry: unknown) => {
        const part = asFields(entry);
        if (part.type !== 'text' || typeof part.text !== 'string')
          throw invalid('messages', `messages[${index}].content may hold text parts only`);
        return part.text;
      })
      .join('');
  }
  throw invalid('messages', `messages[${index}].content must be a string or a list of text parts`);
}

function isTokenList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
