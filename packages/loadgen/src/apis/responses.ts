import { bearer } from '@bench/core';
import { isPlainText, promptInput, promptMessages } from '../body.ts';
import type { Api } from './api.ts';
import { openaiError } from './openai-answer.ts';
import { count, joined, list, object, reading, text, word, type Json, type Reading, type Usage } from './reading.ts';

/**
 * OpenAI's responses: typed server-sent events, of which those that end in `.delta` carry tokens, and `response.completed`, `response.incomplete` or
 * `response.failed` is the last; there is no `[DONE]`. https://platform.openai.com/docs/api-reference/responses-streaming
 * vLLM takes `ignore_eos` here as well (vllm/entrypoints/openai/responses/protocol.py, 2026). Nothing is to be kept by the server: `store` is false.
 */
export const responses: Api = {
  path: () => '/v1/responses',
  headers: bearer,
  body: ({ load, model, prompt, outputTokens, features }) => ({
    model,
    input: isPlainText(prompt) ? promptInput(prompt) : promptMessages(prompt),
    ...(outputTokens === null ? {} : { max_output_tokens: outputTokens }),
    temperature: load.temperature,
    store: false,
    ...(features.ignoreEos && outputTokens !== null ? { ignore_eos: true } : {}),
    ...(load.stream ? { stream: true } : {}),
    ...load.extraBody,
  }),
  framing: 'sse',
  read(value) {
    const json = object(value) ?? {};
    return typeof json.type === 'string' ? readEvent(json, json.type) : readWhole(json);
  },
  said(value) {
    const json = object(value) ?? {};
    if (typeof json.type === 'string') return json.type === 'response.output_text.delta' ? joined(json.delta) : '';
    const said = list(json.output).flatMap((item) => (item.type === 'message' ? list(item.content) : []));
    return joined(...said.map((part) => part.text));
  },
  generated(value) {
    const json = object(value);
    if (typeof json?.type === 'string') return SPOKEN.has(json.type) ? joined(json.delta) : '';
    return joined(...list(json?.output).flatMap((item) => list(item.content).flatMap((part) => [part.text, part.refusal])));
  },
  terminator: 'response.completed',
  doneEvent: false,
  generates: true,
  templated: true,
  tokenIds: false,
  tries: { ignoreEos: true, streamUsage: false },
  tokenizers: ['messages', 'prompt', 'content'],
};

/** Deltas of what was generated as it is; a summary of reasoning is not. */
const SPOKEN: ReadonlySet<string> = new Set(['response.output_text.delta', 'response.refusal.delta', 'response.reasoning_text.delta']);

function readEvent(json: Json, type: string): Reading {
  switch (type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return reading({ choice: true, content: text(json.delta) });
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return reading({ choice: true, reasoning: text(json.delta) });
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
    case 'response.mcp_call_arguments.delta':
      return reading({ choice: true, toolCall: text(json.delta) });
    case 'response.output_item.added':
      // The name of a function is generated too, and its arguments may be empty.
      return object(json.item)?.type === 'function_call' ? reading({ choice: true, toolCall: true }) : reading({});
    case 'response.completed':
    case 'response.incomplete':
      return { ...ending(object(json.response) ?? {}), end: true };
    case 'response.failed':
      return reading({ error: openaiError(object(json.response) ?? {}) ?? 'response.failed', end: true });
    case 'error':
      return reading({ error: openaiError(json) ?? word(json.message) ?? word(json.code) ?? 'error' });
    default:
      return reading({});
  }
}

function readWhole(json: Json): Reading {
  const output = list(json.output);
  const has = (kind: string) => output.some((item) => item.type === kind);
  const said = output.flatMap((item) => (item.type === 'message' ? list(item.content) : []));
  return {
    ...ending(json),
    error: openaiError(json),
    choice: output.length > 0,
    content: said.some((part) => text(part.text) || text(part.refusal)),
    reasoning: has('reasoning'),
    toolCall: has('function_call'),
  };
}

/** Of the response object: why it ended, and its counts. */
function ending(response: Json): Reading {
  const finishReason = word(object(response.incomplete_details)?.reason) ?? word(response.status);
  return reading({ finishReason, usage: readUsage(object(response.usage)) });
}

function readUsage(usage: Json | null): Usage | null {
  if (!usage) return null;
  return {
    promptTokens: count(usage.input_tokens),
    cachedTokens: count(object(usage.input_tokens_details)?.cached_tokens),
    outputTokens: count(usage.output_tokens),
    reasoningTokens: count(object(usage.output_tokens_details)?.reasoning_tokens),
  };
}
