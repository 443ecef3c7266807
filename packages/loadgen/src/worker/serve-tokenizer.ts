import { readFile } from 'node:fs/promises';
import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '@bench/core';
import type { FromTokenizer, ToTokenizer } from './tokenizer-protocol.ts';

/** What the thread of a tokenizer does: it reads the file, says so, and counts what it is sent. */
export async function serveTokenizer(port: MessagePort, path: string): Promise<void> {
  const post = (message: FromTokenizer) => port.postMessage(message);
  const count = await readTokenizer(path).catch((error: unknown) => {
    post({ type: 'failed', message: messageOf(error) });
    return null;
  });
  if (!count) return;
  port.on('message', ({ texts, whole }: ToTokenizer) => post({ type: 'counted', counts: texts.map((text) => count(text, whole)) }));
  post({ type: 'ready' });
}

type Count = (text: string, whole: boolean) => number | null;

/** @throws what the file system says, or the library of a file that it does not know. */
async function readTokenizer(path: string): Promise<Count> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown> | null;
  if (typeof json?.model !== 'object') throw new Error('it is no tokenizer.json: it has no "model"');
  const { Tokenizer } = await import('@huggingface/tokenizers');
  // What older files leave out.
  const whole = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...json };
  const tokenizer = new Tokenizer(whole, {});
  const count: Count = (text, special) => {
    try {
      return text === '' ? 0 : tokenizer.encode(text, { add_special_tokens: special }).ids.length;
    } catch {
      return null;
    }
  };
  // What it cannot do with any text it is asked now, not after the run.
  tokenizer.encode('the word', { add_special_tokens: true });
  return count;
}
