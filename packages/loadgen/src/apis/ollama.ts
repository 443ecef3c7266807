import { bearer } from '@bench/core';
import { promptMessages } from '../body.ts';
import type { Api } from './api.ts';
import { count, errorText, joined, object, reading, text, word } from './reading.ts';

/**
 * Ollama's own chat: a JSON object a line, `message.content` and `message.thinking` in pieces, and one with `done: true`, the reason and the counts at
 * the end; an error is a line `{"error": …}`. https://docs.ollama.com/api/chat, https://docs.ollama.com/api/streaming
 * It has no way to go on past the end of sequence, and cuts prompts that are longer than `options.num_ctx` without a word.
 */
export const ollama: Api = {
  path: () => '/api/chat',
  headers: bearer,
  body({ load, model, prompt, outputTokens }) {
    const { options, ...extra } = load.extraBody;
    return {
      model,
      messages: promptMessages(prompt),
      // It streams unless it is told not to.
      stream: load.stream,
      options: { ...(outputTokens === null ? {} : { num_predict: outputTokens }), temperature: load.temperature, ...object(options) },
      ...extra,
    };
  },
  framing: 'ndjson',
  read(value) {
    const json = object(value) ?? {};
    const message = object(json.message);
    const done = json.done === true;
    return reading({
      error: errorText(json),
      choice: message !== null,
      content: text(message?.content),
      reasoning: text(message?.thinking),
      toolCall: Array.isArray(message?.tool_calls) && message.tool_calls.length > 0,
      finishReason: done ? (word(json.done_reason) ?? 'stop') : null,
      usage: done
        ? { promptTokens: count(json.prompt_eval_count), cachedTokens: null, outputTokens: count(json.eval_count), reasoningTokens: null }
        : null,
      end: done,
    });
  },
  said: (value) => joined(object(object(value)?.message)?.content),
  generated(value) {
    const message = object(object(value)?.message);
    return joined(message?.thinking, message?.content);
  },
  terminator: 'a line with done: true',
  doneEvent: false,
  generates: true,
  templated: true,
  tokenIds: false,
  tries: { ignoreEos: false, streamUsage: false },
  tokenizers: [],
};
