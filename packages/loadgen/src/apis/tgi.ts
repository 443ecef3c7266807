import { bearer } from '@bench/core';
import { promptInput } from '../body.ts';
import type { Api } from './api.ts';
import { count, errorText, joined, object, reading, text, word } from './reading.ts';

/**
 * Text Generation Inference's own API: an event a token, of which the last has `details` (reason, counts) beside it; an error is an event
 * `{"error", "error_type"}`. Facts: router/src/lib.rs of huggingface/text-generation-inference and its OpenAPI document,
 * https://huggingface.github.io/text-generation-inference/. There is no way to go on past the end of sequence, and no model's name in a request.
 */
export const tgi: Api = {
  path: (stream) => (stream ? '/generate_stream' : '/generate'),
  headers: bearer,
  body({ load, prompt, outputTokens }) {
    const { parameters, ...extra } = load.extraBody;
    return {
      inputs: promptInput(prompt),
      parameters: {
        ...(outputTokens === null ? {} : { max_new_tokens: outputTokens }),
        // A temperature of 0 is refused; without one it takes the likeliest token.
        ...(load.temperature > 0 ? { do_sample: true, temperature: load.temperature } : { do_sample: false }),
        details: true,
        ...object(parameters),
      },
      ...extra,
    };
  },
  framing: 'sse',
  read(value) {
    const json = object(value) ?? {};
    const token = object(json.token);
    const details = object(json.details);
    const finishReason = word(details?.finish_reason);
    return reading({
      error: errorText(json),
      choice: token !== null || json.generated_text !== undefined,
      content: token === null ? text(json.generated_text) : text(token.text) && token.special !== true,
      finishReason,
      usage: details && {
        promptTokens: count(details.input_length),
        cachedTokens: null,
        outputTokens: count(details.generated_tokens),
        reasoningTokens: null,
      },
      // `details` may have been turned off; the whole text is in the last event alone.
      end: finishReason !== null || typeof json.generated_text === 'string',
    });
  },
  generated(value) {
    const json = object(value);
    const token = object(json?.token);
    return token ? joined(token.special === true ? null : token.text) : joined(json?.generated_text);
  },
  terminator: 'an event with the whole text',
  doneEvent: false,
  generates: true,
  templated: false,
  tokenIds: false,
  tries: { ignoreEos: false, streamUsage: false },
  tokenizers: ['inputs'],
};
