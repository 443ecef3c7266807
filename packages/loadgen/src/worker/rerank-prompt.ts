/** Of the tokens of a query and a document together, one in so many is the query's. */
const QUERY_SHARE = 8;

/** Documents of a request of random words, where the load does not say. */
export const DEFAULT_DOCUMENTS = 8;

/** Tokens of all words that a request needs whose query and one document are `pairTokens` long together. */
export function rerankTokens(pairTokens: number, documents: number): number {
  const { query, document } = lengths(pairTokens);
  return query + documents * document;
}

/** Deals words out: the first to the query, the others to the documents in equal parts, each at least one. */
export function rerankPrompt(words: readonly string[], pairTokens: number, documents: number): { query: string; documents: string[] } {
  const share = lengths(pairTokens).query / rerankTokens(pairTokens, documents);
  const asked = Math.max(1, Math.round(words.length * share));
  const rest = words.slice(asked);
  const from = (i: number) => Math.floor((i * rest.length) / documents);
  return {
    query: words.slice(0, asked).join(' '),
    documents: Array.from({ length: documents }, (_, i) => rest.slice(from(i), Math.max(from(i) + 1, from(i + 1))).join(' ')),
  };
}

function lengths(pairTokens: number): { query: number; document: number } {
  const query = Math.max(1, Math.floor(pairTokens / QUERY_SHARE));
  return { query, document: Math.max(1, pairTokens - query) };
}
