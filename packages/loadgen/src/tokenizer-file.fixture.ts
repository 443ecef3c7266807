import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A `tokenizer.json` that has a token for each run of letters and each of what stands between, and puts one in front of a whole text. */
export function wordTokenizer(): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 0, content: '[UNK]', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
      { id: 1, content: '[BOS]', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '[BOS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '[BOS]': { id: '[BOS]', ids: [1], tokens: ['[BOS]'] } },
    },
    decoder: null,
    model: { type: 'WordLevel', vocab: { '[UNK]': 0, '[BOS]': 1, the: 2, cat: 3 }, unk_token: '[UNK]' },
  };
}

/** Written to a folder of its own. */
export async function writeTokenizer(content: object | string = wordTokenizer()): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-tokenizer-'));
  const path = join(folder, 'tokenizer.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
