import { bearer } from '@bench/core';
import { promptMessages } from '../body.ts';
import type { Api } from './api.ts';
import { choiceText, generationFields, readChoices, saidInChoice } from './openai-answer.ts';

/** OpenAI's chat completions, with `ignore_eos` where the server takes it. https://platform.openai.com/docs/api-reference/chat */
export const chat: Api = {
  path: () => '/v1/chat/completions',
  headers: bearer,
  body: (options) => ({
    model: options.model,
    messages: promptMessages(options.prompt, options.images?.map(imagePart)),
    ...generationFields(options),
  }),
  framing: 'sse',
  read: readChoices,
  said: saidInChoice,
  generated: choiceText,
  terminator: 'a finish reason or [DONE]',
  doneEvent: true,
  generates: true,
  templated: true,
  tokenIds: false,
  tries: { ignoreEos: true, streamUsage: true },
  tokenizers: ['messages', 'prompt', 'content'],
};

/** As vLLM and SGLang take it too. https://platform.openai.com/docs/guides/images-vision */
const imagePart = (png: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } });
