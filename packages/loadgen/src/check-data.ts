import { BenchError, takesConversations, type LoadSpec } from '@bench/core';

/** Noise does not shrink: three bytes a pixel, as base64. */
const PIXEL_BYTES = 4;
/** V8's longest string is a little over this. */
const MOST_IMAGE_BYTES = 500_000_000;

/** @throws BenchError `BENCH_LOAD` when the API of a load has no place for what it is to send. */
export function checkData({ api, data, images, classes = [], conversations }: LoadSpec): void {
  if (images && conversations)
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'what is said in a conversation is text: it has no images',
      hint: 'leave images out, or conversations',
    });
  if (images && images.perRequest.max * images.width.max * images.height.max * PIXEL_BYTES > MOST_IMAGE_BYTES)
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: `the images of one request may have ${images.perRequest.max * images.width.max * images.height.max} pixels, which no body can hold`,
      hint: 'ask for fewer or smaller ones',
    });
  if (images && api !== 'chat' && api !== 'messages')
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: `the API "${api}" has no place for images`,
      hint: 'choose the API chat or messages',
    });
  if (conversations && !takesConversations(api))
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: `the API ${api} takes no conversations`,
      hint: 'chat, responses, messages and ollama do',
    });
  if (conversations && data.kind !== 'random')
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: `what is said in a conversation is made: data of kind "${data.kind}" cannot be`,
      hint: 'choose random data, or leave conversations out',
    });
  for (const { name, inputTokens, outputTokens } of classes) {
    if (data.kind !== 'random' && inputTokens) throw misplaced(name, 'prompts of its own length need data that is made');
    if (data.kind === 'trace' && outputTokens) throw misplaced(name, 'a trace says how long answers are');
    if (data.kind === 'random' && inputTokens && inputTokens.min < data.sharedPrefixTokens)
      throw misplaced(name, `its shortest prompt (${inputTokens.min}) is shorter than the shared prefix (${data.sharedPrefixTokens})`);
  }
  if (api === 'rerank' && data.kind === 'random' && data.text === 'sonnet')
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: 'lines of verse are no documents',
      hint: 'leave "text" out, or choose another API than rerank',
    });
}

function misplaced(name: string, why: string): BenchError {
  return new BenchError({ code: 'BENCH_LOAD', message: `class "${name}": ${why}` });
}
