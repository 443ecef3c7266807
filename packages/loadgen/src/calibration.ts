/**
 * What was learnt about the server before the clock started: how its tokenizer counts our words, and which optional
 * fields it takes. Plain data: it crosses to the workers.
 */
export interface Calibration {
  /** `endpoint`: counted by the server's tokenizer. `usage`: from the counts of two small requests. `none`: assumed. */
  tokenizer: 'endpoint' | 'usage' | 'none';
  /** How to ask the tokenizer again, and how many tokens the server has beyond those it counts (default 0); null: not at all. */
  tokenize: { path: string; form: TokenizeForm; beyond?: number } | null;
  /** Words that may open a prompt, each with the tokens of a prompt that is that word alone, template included. */
  leads: { word: string; tokens: number }[];
  /** Words that may follow, each with its space, and its tokens. */
  words: { word: string; tokens: number }[];
  /** Where prompts are lines: what may stand from the end of one to the first word of the next, with its tokens. Absent: they are words in a row. */
  breaks?: { word: string; tokens: number }[];
  /** Ids of ordinary tokens; null: prompts go as text. */
  ids: number[] | null;
  /** Tokens the server puts around every prompt (template, BOS). */
  templateTokens: number;
  /** Reranking: tokens the server puts around a query and a document. Absent: not known. */
  pairTokens?: number;
  /** True when sums over words were verified to be what the tokenizer says. False: prompts are corrected one by one where there is a tokenizer. */
  additive: boolean;
  features: { streamUsage: boolean; ignoreEos: boolean };
}

/** vLLM, SGLang: `{model, prompt}` or `{model, messages}`; llama.cpp: `{content}`; TGI: `{inputs}`. */
export type TokenizeForm = 'messages' | 'prompt' | 'content' | 'inputs';
