import { prng, seedOf } from '@bench/core';
import { draw } from './draw.ts';
import type { TestServerOptions } from './options.ts';

/** When an answer's chunks are due, and how many tokens each has. */
export interface AnswerPlan {
  /** Milliseconds after the request got its slot, ascending. */
  atMs: Float64Array;
  /** Tokens in each chunk; together as many as were asked for. */
  sizes: number[];
}

/**
 * The timing of one answer. It follows from the server's seed and the request's key alone, so it is the same whatever else
 * goes on, in whichever order requests come. An answer without tokens has one time, that of its end.
 */
export function planAnswer(options: TestServerOptions, key: string, tokens: number): AnswerPlan {
  const seed = options.seed ?? 0;
  const sizeDraws = prng(seedOf(seed, 'sizes', key));
  const gapDraws = prng(seedOf(seed, 'gaps', key));
  const sizes: number[] = [];
  for (let left = tokens; left > 0; left -= sizes.at(-1) as number) {
    sizes.push(Math.min(left, Math.max(1, Math.round(draw(options.tokensPerChunk ?? 1, sizeDraws)))));
  }
  const atMs = new Float64Array(Math.max(1, sizes.length));
  let at = Math.max(0, draw(options.ttftMs ?? 0, prng(seedOf(seed, 'ttft', key))));
  for (let i = 0; i < atMs.length; i++) {
    if (i > 0) at += Math.max(0, draw(options.gapMs ?? 0, gapDraws));
    atMs[i] = at;
  }
  return { atMs, sizes };
}
