import { bearer } from '@bench/core';
import { promptMessages } from '../body.ts';
import type { Api } from './api.ts';
import { count, errorText, joined, list, object, reading, text, word, type Json, type Reading, type Usage } from './reading.ts';

/** `max_tokens` must be said here; this where nobody asks for a length. */
const MAX_TOKENS = 4096;

/**
 * Anthropic's messages, which vLLM, SGLang and llama.cpp serve too: `message_start`, blocks of `content_block_delta`, `message_delta` with the stop reason
 * and counts, `message_stop`. https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export const messages: Api = {
  path: () => '/v1/messages',
  headers(apiKey, origin) {
    const version = { 'anthropic-version': '2023-06-01' };
    if (!apiKey) return version;
    // vLLM knows the key as a bearer token only (vllm-project/vllm issue 51572); Anthropic takes a bearer token for another kind of credential.
    const also = origin.endsWith('.anthropic.com') ? {} : bearer(apiKey);
    return { ...version, 'x-api-key': apiKey, ...also };
  },
  body({ load, model, prompt, outputTokens, images }) {
    const all = promptMessages(prompt, images?.map(imagePart));
    // Instructions have a field of their own; a system message among the others is refused.
    const system = all.filter((m) => m.role === 'system').map((m) => m.content);
    return {
      model,
      ...(system.length === 0 ? {} : { system: system.every((s) => typeof s === 'string') ? system.join('\n') : system.flat() }),
      messages: all.filter((m) => m.role !== 'system'),
      max_tokens: outputTokens ?? MAX_TOKENS,
      temperature: load.temperature,
      ...(load.stream ? { stream: true } : {}),
      ...load.extraBody,
    };
  },
  framing: 'sse',
  read(value) {
    const json = object(value) ?? {};
    switch (json.type) {
      case 'content_block_delta':
        return readDelta(object(json.delta) ?? {});
      case 'content_block_start':
        return readBlock(object(json.content_block) ?? {});
      case 'message_start': {
        const usage = readUsage(object(object(json.message)?.usage));
        // The count of output tokens is a first guess here.
        return reading({ usage: usage && { ...usage, outputTokens: null } });
      }
      case 'message_delta':
        return reading({ finishReason: word(object(json.delta)?.stop_reason), usage: readUsage(object(json.usage)) });
      case 'message_stop':
        return reading({ end: true });
      case 'message':
        return readWhole(json);
      default:
        return reading({ error: errorText(json) });
    }
  },
  said(value) {
    const json = object(value) ?? {};
    if (json.type === 'content_block_delta') return joined(object(json.delta)?.text);
    if (json.type === 'content_block_start') return joined(object(json.content_block)?.text);
    return json.type === 'message' ? joined(...list(json.content).map((block) => block.text)) : '';
  },
  generated(value) {
    const json = object(value);
    const parts = [object(json?.delta), object(json?.content_block), ...list(json?.content)];
    return joined(...parts.flatMap((part) => [part?.thinking, part?.text]));
  },
  terminator: 'message_stop',
  doneEvent: false,
  generates: true,
  templated: true,
  tokenIds: false,
  tries: { ignoreEos: false, streamUsage: false },
  tokenizers: ['messages', 'prompt', 'content'],
};

/** https://platform.claude.com/docs/en/build-with-claude/vision */
const imagePart = (data: string) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });

function readDelta(delta: Json): Reading {
  switch (delta.type) {
    case 'text_delta':
      return reading({ choice: true, content: text(delta.text) });
    case 'thinking_delta':
      return reading({ choice: true, reasoning: text(delta.thinking) });
    case 'input_json_delta':
      return reading({ choice: true, toolCall: text(delta.partial_json) });
    default:
      // Signatures and citations are no tokens.
      return reading({});
  }
}

/** Blocks of text begin empty; the name of a tool comes with the beginning of its block. */
function readBlock(block: Json): Reading {
  const said = ofBlock(block);
  return said.content || said.reasoning || said.toolCall ? reading({ choice: true, ...said }) : reading({});
}

const ofBlock = (block: Json) => ({
  content: text(block.text),
  reasoning: text(block.thinking) || block.type === 'redacted_thinking',
  toolCall: block.type === 'tool_use',
});

function readWhole(json: Json): Reading {
  const blocks = list(json.content).map(ofBlock);
  return reading({
    choice: blocks.length > 0,
    content: blocks.some((b) => b.content),
    reasoning: blocks.some((b) => b.reasoning),
    toolCall: blocks.some((b) => b.toolCall),
    finishReason: word(json.stop_reason),
    usage: readUsage(object(json.usage)),
  });
}

/** `input_tokens` are those that the cache had nothing to do with. */
function readUsage(usage: Json | null): Usage | null {
  if (!usage) return null;
  const [fresh, cached, written] = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens].map(count);
  return {
    promptTokens: fresh == null ? null : fresh + (cached ?? 0) + (written ?? 0),
    cachedTokens: cached ?? null,
    outputTokens: count(usage.output_tokens),
    reasoningTokens: null,
  };
}
