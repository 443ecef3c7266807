import type { LoadSpecInput } from '@bench/core';

/** Tokens a second of every stream. */
export const TOKENS_PER_S = 50;

/** One load of a self-check: so many streams at once, or so many short requests a second. */
export type SelfcheckLevel = { kind: 'streams'; streams: number } | { kind: 'rate'; ratePerS: number };

/** From what every machine can to what few can; a check ends with the first that is too much. */
export const SELFCHECK_LEVELS: readonly SelfcheckLevel[] = [
  ...[1, 10, 50, 200, 500, 1000, 2000].map((streams) => ({ kind: 'streams' as const, streams })),
  ...[50, 200, 1000, 2000].map((ratePerS) => ({ kind: 'rate' as const, ratePerS })),
];

/** Answers that each stream gets, and their length: three seconds in all. */
const ANSWERS = 5;
const ANSWER_TOKENS = 30;
const RATE_MS = 2500;

/** What is sent at a level. */
export function levelLoad(level: SelfcheckLevel, seed: number): LoadSpecInput {
  const data = (outputTokens: number) => ({
    kind: 'random' as const,
    inputTokens: { min: 32, max: 32 },
    outputTokens: { min: outputTokens, max: outputTokens },
  });
  if (level.kind === 'rate') {
    const arrival = { kind: 'poisson' as const, ratePerS: level.ratePerS };
    return { arrival, maxConcurrency: null, durationMs: RATE_MS, warmupRequests: 16, data: data(2), seed };
  }
  const { streams } = level;
  // Connections are opened and code is compiled by the warm-up.
  return { maxConcurrency: streams, numPrompts: ANSWERS * streams, warmupRequests: streams, data: data(ANSWER_TOKENS), seed };
}
