import type { BodyOptions } from '../body.ts';
import { count, errorText, joined, object, text, word, type Json, type Reading, type Usage } from './reading.ts';

/** Reads answers of OpenAI's chat and completions, and what vLLM, SGLang and llama.cpp add: `reasoning_content`, `reasoning`, bare error objects. */
export function readChoices(value: unknown): Reading {
  const json = object(value) ?? {};
  const { choice, part } = firstChoice(json);
  const calls = part?.tool_calls;
  const finishReason = typeof choice?.finish_reason === 'string' ? choice.finish_reason : null;
  return {
    error: openaiError(json),
    choice: choice !== null,
    content: text(choice?.text) || text(part?.content) || text(part?.refusal),
    reasoning: text(part?.reasoning_content) || text(part?.reasoning),
    toolCall: (Array.isArray(calls) && calls.length > 0) || object(part?.function_call) !== null,
    finishReason,
    usage: openaiUsage(object(json.usage)),
    end: finishReason !== null,
  };
}

/** `part`: what it says, in an event or in a whole answer of chat. */
function firstChoice(json: Json | null): { choice: Json | null; part: Json | null } {
  const choice = object(Array.isArray(json?.choices) ? json.choices[0] : null);
  return { choice, part: object(choice?.delta) ?? object(choice?.message) };
}

/** The text in an event or a whole answer of OpenAI's chat. */
export function saidInChoice(value: unknown): string {
  return joined(firstChoice(object(value)).part?.content);
}

/** What {@link readChoices} looked for, in words. */
export function choiceText(value: unknown): string {
  const { choice, part } = firstChoice(object(value));
  return joined(part?.reasoning_content ?? part?.reasoning, choice?.text ?? part?.content, part?.refusal);
}

/** vLLM's older releases answer the error object itself, `{"object": "error", "message": …}`. */
export function openaiError(json: Json): string | null {
  return errorText(json) ?? (json.object === 'error' ? (word(json.message) ?? 'error') : null);
}

export function openaiUsage(usage: Json | null): Usage | null {
  if (!usage) return null;
  return {
    promptTokens: count(usage.prompt_tokens),
    cachedTokens: count(object(usage.prompt_tokens_details)?.cached_tokens),
    outputTokens: count(usage.completion_tokens),
    reasoningTokens: count(object(usage.completion_tokens_details)?.reasoning_tokens),
  };
}

/** The fields that chat and completions have in common. */
export function generationFields({ load, outputTokens, features }: BodyOptions): Record<string, unknown> {
  return {
    ...(outputTokens === null ? {} : { max_tokens: outputTokens }),
    temperature: load.temperature,
    ...(features.ignoreEos && outputTokens !== null ? { ignore_eos: true } : {}),
    ...(load.stream ? { stream: true, ...(features.streamUsage ? { stream_options: { include_usage: true } } : {}) } : {}),
    ...load.extraBody,
  };
}
