/**
 * `words`: one token a word. `pieces`: a token every three letters, and the first word of a text costs one more when its
 * length is odd. `merging`: as `words`, but a word that begins with the letter its neighbour begins with melts into it,
 * so counts of parts do not add up.
 */
export type TokenizerKind = 'words' | 'pieces' | 'merging';

/** Id of the token that opens every plain prompt. */
export const BOS = 1;
/** Id of the token behind each text of a pair. */
export const SEP = 3;

/** A small tokenizer with the awkward habits of real ones. */
export function tokenizeText(text: string, kind: TokenizerKind): number[] {
  const words = text.split(/\s+/).filter((w) => w !== '');
  if (kind === 'words') return words.map(idOf);
  if (kind === 'merging') return words.filter((word, i) => i === 0 || word[0] !== words[i - 1]?.[0]).map(idOf);
  return words.flatMap((word, i) => {
    const pieces = word.match(/.{1,3}/g) ?? [];
    return i === 0 && word.length % 2 === 1 ? [idOf('^'), ...pieces.map(idOf)] : pieces.map(idOf);
  });
}

/** FNV-1a, moved beyond the ids that stand for special tokens. */
function idOf(piece: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < piece.length; i++) hash = Math.imul(hash ^ piece.charCodeAt(i), 0x01000193);
  return 100 + ((hash >>> 0) % 50_000);
}
