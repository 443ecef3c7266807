import { bearer } from '@bench/core';
import { promptInput } from '../body.ts';
import type { Api } from './api.ts';
import { choiceText, generationFields, readChoices } from './openai-answer.ts';

/** OpenAI's completions, with `ignore_eos` where the server takes it. https://platform.openai.com/docs/api-reference/completions */
export const completions: Api = {
  path: () => '/v1/completions',
  headers: bearer,
  body: (options) => ({ model: options.model, prompt: promptInput(options.prompt), ...generationFields(options) }),
  framing: 'sse',
  read: readChoices,
  generated: choiceText,
  terminator: 'a finish reason or [DONE]',
  doneEvent: true,
  generates: true,
  templated: false,
  tokenIds: true,
  tries: { ignoreEos: true, streamUsage: true },
  tokenizers: ['prompt', 'content'],
};
