import { isGivenUp, type ClassResult, type ConversationsResult, type LoadSpec, type RequestRecord } from '@bench/core';
import { conversationPlan } from './conversations.ts';
import { isClients } from './deal.ts';

export interface ConversationResultsOptions {
  load: LoadSpec;
  measured: readonly RequestRecord[];
  /** The figures of some of the requests. */
  figuresOf(own: readonly RequestRecord[]): ClassResult;
}

/** What became of the conversations of a load, and of the turns that were never sent. Null: it has none. */
export function conversationResults({ load, measured, figuresOf }: ConversationResultsOptions): ConversationsResult | null {
  const plan = conversationPlan(load);
  if (!plan) return null;
  const lasts = new Map<number, RequestRecord>();
  for (const record of measured) {
    const { conversation } = record;
    if (conversation !== undefined && record.index >= (lasts.get(conversation)?.index ?? 0)) lasts.set(conversation, record);
  }
  const out = { asked: 0, finished: 0, broken: 0, cut: 0, turnsNotSent: { failed: 0, givenUp: 0, ended: 0 } };
  const asked = Number.isFinite(plan.count)
    ? Array.from({ length: plan.count }, (_, i) => i).filter((i) => isClients(load, i))
    : [...lasts.keys()];
  for (const conversation of asked) {
    const last = lasts.get(conversation);
    const missing = plan.ordinals(conversation).length - (last?.turn ?? 0);
    const givenUp = last !== undefined && isGivenUp(last);
    const failed = last?.status === 'failed';
    const ended = last?.status === 'cancelled' && !givenUp;
    out.asked++;
    if (failed || givenUp) out.broken++;
    else if (missing > 0 || ended) out.cut++;
    else out.finished++;
    out.turnsNotSent[failed ? 'failed' : givenUp ? 'givenUp' : 'ended'] += missing;
  }
  return {
    ...out,
    turns: {
      first: turnFigures(measured.filter(isFirstTurn), figuresOf),
      later: turnFigures(
        measured.filter((record) => !isFirstTurn(record)),
        figuresOf,
      ),
    },
  };
}

/** Does the request begin a conversation, or stand alone? */
export function isFirstTurn({ turn = 1 }: Pick<RequestRecord, 'turn'>): boolean {
  return turn === 1;
}

function turnFigures(own: readonly RequestRecord[], figuresOf: ConversationResultsOptions['figuresOf']): ClassResult {
  const figures = figuresOf(own);
  const told = own.flatMap(({ status, promptTokens, cachedTokens }) =>
    status === 'ok' && promptTokens !== null ? [{ promptTokens, cachedTokens }] : [],
  );
  const cacheTold = told.flatMap(({ promptTokens, cachedTokens }) => (cachedTokens === null ? [] : [{ promptTokens, cachedTokens }]));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const prompts = sum(cacheTold.map(({ promptTokens }) => promptTokens));
  if (told.length > 0) figures.scalars.mean_input_tokens = sum(told.map(({ promptTokens }) => promptTokens)) / told.length;
  if (prompts > 0) figures.scalars.cached_ratio = sum(cacheTold.map(({ cachedTokens }) => cachedTokens)) / prompts;
  return figures;
}
