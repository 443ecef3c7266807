import type { ApiKind } from '@bench/core';

/** What one JSON object of an answer says: an event of a stream, or a whole answer. */
export interface Reading {
  error: string | null;
  /** It has a choice in it. */
  choice: boolean;
  content: boolean;
  reasoning: boolean;
  toolCall: boolean;
  finishReason: string | null;
  usage: Usage | null;
}

export interface Usage {
  promptTokens: number | null;
  cachedTokens: number | null;
  outputTokens: number | null;
  reasoningTokens: number | null;
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json | null => (typeof value === 'object' && value !== null ? (value as Json) : null);
const text = (value: unknown): boolean => typeof value === 'string' && value !== '';
const count = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null);

/** Reads OpenAI's answers, and what vLLM, SGLang and llama.cpp add: `reasoning_content`, `reasoning`, bare error objects. */
export function readAnswer(value: unknown, api: ApiKind): Reading {
  const json = object(value) ?? {};
  const choices = Array.isArray(json.choices) ? json.choices : [];
  const choice = object(choices[0]);
  const part = object(choice?.delta) ?? object(choice?.message);
  const calls = part?.tool_calls;
  const embedding = api === 'embeddings' && Array.isArray(json.data) && isVector(object(json.data[0])?.embedding);
  return {
    error: errorText(json),
    choice: choice !== null,
    content: embedding || text(choice?.text) || text(part?.content) || text(part?.refusal),
    reasoning: text(part?.reasoning_content) || text(part?.reasoning),
    toolCall: (Array.isArray(calls) && calls.length > 0) || object(part?.function_call) !== null,
    finishReason: typeof choice?.finish_reason === 'string' ? choice.finish_reason : null,
    usage: readUsage(object(json.usage)),
  };
}

function isVector(value: unknown): boolean {
  return (Array.isArray(value) && value.length > 0) || text(value);
}

function errorText(json: Json): string | null {
  if (json.error === undefined || json.error === null) return json.object === 'error' ? String(json.message ?? 'error') : null;
  const error = object(json.error);
  return error ? String(error.message ?? JSON.stringify(error)) : String(json.error);
}

function readUsage(usage: Json | null): Usage | null {
  if (!usage) return null;
  return {
    promptTokens: count(usage.prompt_tokens),
    cachedTokens: count(object(usage.prompt_tokens_details)?.cached_tokens),
    outputTokens: count(usage.completion_tokens),
    reasoningTokens: count(object(usage.completion_tokens_details)?.reasoning_tokens),
  };
}
