import { bearer } from '@bench/core';
import type { Api } from './api.ts';
import { openaiError } from './openai-answer.ts';
import { count, list, object, reading, type Json, type Usage } from './reading.ts';

/**
 * Reranking as Jina and Cohere have it, and vLLM and llama.cpp's server after them: a query and documents go in, a score for each comes back.
 * https://jina.ai/reranker/, https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (Re-rank API), tools/server/README.md of llama.cpp.
 * vLLM counts tokens as `total_tokens`, Jina so too, llama.cpp as `prompt_tokens` as well; Cohere's answers have none.
 */
export const rerank: Api = {
  path: () => '/v1/rerank',
  headers: bearer,
  body: ({ model, prompt, load }) => ({
    model,
    ...('documents' in prompt ? prompt : {}),
    ...load.extraBody,
  }),
  framing: 'sse',
  read(value) {
    const json = object(value) ?? {};
    const scored = list(json.results).filter((result) => typeof result.relevance_score === 'number');
    return reading({ error: openaiError(json), content: scored.length > 0, usage: readUsage(object(json.usage)) });
  },
  generated: () => '',
  terminator: 'the end of the answer',
  doneEvent: false,
  generates: false,
  templated: false,
  tokenIds: false,
  tries: { ignoreEos: false, streamUsage: false },
  tokenizers: ['prompt', 'content'],
};

function readUsage(usage: Json | null): Usage | null {
  if (!usage) return null;
  const tokens = count(usage.prompt_tokens) ?? count(usage.total_tokens);
  return { promptTokens: tokens, cachedTokens: null, outputTokens: null, reasoningTokens: null };
}
