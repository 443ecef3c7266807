import { bearer } from '@bench/core';
import { promptInput } from '../body.ts';
import type { Api } from './api.ts';
import { count, errorText, joined, object, reading, text, word, type Json } from './reading.ts';

/**
 * The native completion of llama.cpp's server: an event a token with `content` and `stop: false`, then one with `stop: true`, the reason, counts and
 * `timings`. Facts: tools/server/README.md and server-task.cpp of ggml-org/llama.cpp, 2026. `tokens_cached` is what the cache holds afterwards;
 * what of the prompt was in it beforehand is `timings.cache_n`.
 */
export const llamacpp: Api = {
  path: () => '/completion',
  headers: bearer,
  body: ({ load, model, prompt, outputTokens, features }) => ({
    model,
    prompt: promptInput(prompt),
    ...(outputTokens === null ? {} : { n_predict: outputTokens }),
    temperature: load.temperature,
    ...(features.ignoreEos && outputTokens !== null ? { ignore_eos: true } : {}),
    stream: load.stream,
    ...load.extraBody,
  }),
  framing: 'sse',
  read(value) {
    const json = object(value) ?? {};
    const stop = json.stop === true;
    return reading({
      error: errorText(json),
      choice: typeof json.content === 'string',
      content: text(json.content),
      finishReason: stop ? stopReason(json) : null,
      usage: stop
        ? {
            promptTokens: count(json.tokens_evaluated),
            cachedTokens: count(object(json.timings)?.cache_n),
            outputTokens: count(json.tokens_predicted),
            reasoningTokens: null,
          }
        : null,
      end: stop,
    });
  },
  generated: (value) => joined(object(value)?.content),
  terminator: 'an event with stop: true',
  doneEvent: false,
  generates: true,
  templated: false,
  tokenIds: true,
  tries: { ignoreEos: true, streamUsage: false },
  tokenizers: ['content'],
};

/** Releases before December 2024 say it in three flags. */
function stopReason(json: Json): string {
  if (json.stopped_limit === true) return 'limit';
  if (json.stopped_word === true) return 'word';
  return word(json.stop_type) ?? 'eos';
}
