/** What the thread of a tokenizer is born with. */
export interface TokenizerSetup {
  /** Path of a `tokenizer.json`. */
  tokenizer: string;
}

export interface ToTokenizer {
  texts: string[];
  /** With the special tokens that the tokenizer puts around a text. */
  whole: boolean;
}

export type FromTokenizer =
  | { type: 'ready' }
  /** Null: the text could not be counted. */
  | { type: 'counted'; counts: (number | null)[] }
  | { type: 'failed'; message: string };

export function isTokenizerSetup(data: unknown): data is TokenizerSetup {
  return typeof data === 'object' && data !== null && 'tokenizer' in data;
}
