import { seedOf } from '@bench/core';
import type { PromptIdentity, PromptMaker } from '../prompts.ts';

/** Of the tokens of a query and a document together, one in so many is the query's. */
const QUERY_SHARE = 8;

/** Documents of a request of random words, where the load does not say. */
export const DEFAULT_DOCUMENTS = 8;

/** A text of its own: its words, and how many tokens it is to have. */
export interface RerankPart {
  words: string[];
  tokens: number;
}

export interface RerankOptions {
  identity: PromptIdentity;
  /** Of a query and one document together, with what the server puts around the two. */
  pairTokens: number;
  documents: number;
  /** Tokens that the server puts around the two. */
  around: number;
  /** Tokens that queries share, with what is around a text: a query is no shorter than that. */
  sharedTokens: number;
  /** Tokens that the tokenizer counts beyond those of a text. */
  beyond: number;
  /** Makes queries, whose beginnings may be shared, and documents, which share nothing. */
  queries: PromptMaker;
  texts: PromptMaker;
}

/** The query of a request, and its documents, as they are drawn; `tokens` are as the tokenizer counts each by itself. */
export function rerankParts(o: RerankOptions): RerankPart[] {
  const { identity, pairTokens, documents, around, sharedTokens, beyond, queries, texts } = o;
  const left = Math.max(2, pairTokens - around);
  const query = Math.min(left - 1, Math.max(1, Math.floor(pairTokens / QUERY_SHARE), sharedTokens - beyond));
  const tokens = left - query + beyond;
  return [
    { words: queries.words(identity, query + beyond), tokens: query + beyond },
    ...Array.from({ length: documents }, (_, k) => ({
      words: texts.words({ ...identity, seed: seedOf(identity.seed, 'document', k) }, tokens),
      tokens,
    })),
  ];
}
