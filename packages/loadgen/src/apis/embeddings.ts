import { bearer } from '@bench/core';
import { promptInput } from '../body.ts';
import type { Api } from './api.ts';
import { openaiError, openaiUsage } from './openai-answer.ts';
import { list, object, reading, text } from './reading.ts';

/** OpenAI's embeddings. https://platform.openai.com/docs/api-reference/embeddings */
export const embeddings: Api = {
  path: () => '/v1/embeddings',
  headers: bearer,
  body: ({ model, prompt, load }) => ({ model, input: promptInput(prompt), encoding_format: 'float', ...load.extraBody }),
  framing: 'sse',
  read(value) {
    const json = object(value) ?? {};
    const vector = list(json.data)[0]?.embedding;
    return reading({
      error: openaiError(json),
      content: (Array.isArray(vector) && vector.length > 0) || text(vector),
      usage: openaiUsage(object(json.usage)),
    });
  },
  generated: () => '',
  terminator: 'the end of the answer',
  doneEvent: false,
  generates: false,
  templated: false,
  tokenIds: true,
  tries: { ignoreEos: false, streamUsage: false },
  tokenizers: ['prompt', 'content'],
};
