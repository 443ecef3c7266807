import type { LoadSpec, RequestRecord } from '@bench/core';
import { apiOf } from './apis/index.ts';
import type { ClientTokenizer } from './client-tokenizer.ts';

/** The texts of one request that ended well. Null: it has none, or the server has counted it. */
export interface RequestTexts {
  index: number;
  prompt: string | null;
  answer: string | null;
}

/**
 * Records with what the client's tokenizer counts: the tokens of answers, and of prompts, whose tokens the server did not tell; and beside what it told of
 * an answer as a check. Prompts are counted as they were written, with what the tokenizer puts around a text where the API has no chat template. Prompts
 * whose length the server's own tokenizer has confirmed stay as they are.
 */
export async function countTokens(o: {
  load: LoadSpec;
  records: readonly RequestRecord[];
  texts: readonly RequestTexts[];
  tokenizer: ClientTokenizer;
  stopped: () => boolean;
}): Promise<RequestRecord[]> {
  const { load, records, texts, tokenizer, stopped } = o;
  const { templated, generates } = apiOf(load.api);
  const untold = texts.filter(({ prompt }) => prompt !== null);
  const prompts = await tokenizer.count(
    untold.map(({ prompt }) => prompt as string),
    { whole: !templated, stopped },
  );
  const spoken = generates ? texts.filter(({ answer }) => answer !== null) : [];
  const answers = await tokenizer.count(
    spoken.map(({ answer }) => answer as string),
    { whole: false, stopped },
  );
  const promptOf = new Map(untold.map(({ index }, i) => [index, prompts[i] ?? null]));
  const answerOf = new Map(spoken.map(({ index }, i) => [index, answers[i] ?? null]));
  return records.map((record) =>
    withCounts(record, { prompt: promptOf.get(record.index) ?? null, answer: answerOf.get(record.index) ?? null }),
  );
}

/** Nobody has counted the prompt: its text is kept for the tokenizer, and no other. */
export function isGuessed({ promptTokenSource }: RequestRecord): boolean {
  return promptTokenSource === 'requested' || promptTokenSource === 'none';
}

function withCounts(record: RequestRecord, { prompt, answer }: { prompt: number | null; answer: number | null }): RequestRecord {
  const counted = { ...record };
  if (prompt !== null) Object.assign(counted, { promptTokens: prompt, promptTokenSource: 'client_tokenizer' });
  if (answer === null) return counted;
  if (record.outputTokenSource === 'server_usage') counted.countedOutputTokens = answer;
  else Object.assign(counted, { outputTokens: answer, outputTokenSource: 'client_tokenizer' });
  return counted;
}
