import { WORDS } from './words.ts';

/** A SentencePiece-style vocabulary, as three parallel arrays of the GGUF file and what generation may say. */
export interface Vocabulary {
  tokens: string[];
  scores: number[];
  /** `llama_token_type`: 1 normal, 2 unknown, 3 control, 6 byte. */
  types: number[];
  /** False for control tokens, bytes and word fragments, which only input may use. */
  sayable: boolean[];
}

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const BYTE = 6;

/** SentencePiece writes a space as U+2581. */
const SPACE = '\u2581';

const PUNCTUATION = '.,!?';

/**
 * Control tokens, 256 bytes (anything can be read), single characters, and whole words.
 *
 * The tokenizer joins neighbours into any longer token it knows, so every beginning of ` word` must be a token for the
 * word to be reached. Since all of them start with the space, joining goes left to right and never competes.
 */
export function makeVocabulary(): Vocabulary {
  const vocabulary: Vocabulary = { tokens: [], scores: [], types: [], sayable: [] };
  const known = new Map<string, number>();
  const add = (token: string, type: number, sayable: boolean) => {
    const index = known.get(token);
    if (index !== undefined) {
      if (sayable) vocabulary.sayable[index] = true;
      return;
    }
    known.set(token, vocabulary.tokens.length);
    vocabulary.scores.push(type === NORMAL ? -vocabulary.tokens.length : 0);
    vocabulary.tokens.push(token);
    vocabulary.types.push(type);
    vocabulary.sayable.push(sayable);
  };

  add('<unk>', UNKNOWN, false);
  add('<s>', CONTROL, false);
  add('</s>', CONTROL, false);
  for (let byte = 0; byte < 256; byte++) add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, BYTE, false);
  for (const character of PUNCTUATION) add(character, NORMAL, true);
  for (let code = 0x21; code < 0x7f; code++) add(String.fromCharCode(code), NORMAL, false);
  add(SPACE, NORMAL, false);
  for (const word of WORDS) {
    for (let length = 1; length < word.length; length++) add(SPACE + word.slice(0, length), NORMAL, false);
    add(SPACE + word, NORMAL, true);
  }
  return vocabulary;
}
