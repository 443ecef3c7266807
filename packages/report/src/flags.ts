import type { PointFlag } from '@bench/core';

export interface FlagWords {
  /** Two or three words. */
  title: string;
  /** One sentence: what it means for the figures. */
  meaning: string;
  /** `doubt`: the figure may not mean what it seems to. `note`: the figure stands, with this said. */
  weight: 'doubt' | 'note';
}

/** What each flag means to someone who did not run the benchmark. */
export const FLAG_WORDS: Record<PointFlag['code'], FlagWords> = {
  cache_warm: {
    title: 'Warm cache',
    meaning:
      'The engine answered part of the prompts from its prefix cache although the load did not ask for that, so time to first token looks better than it is.',
    weight: 'doubt',
  },
  prompts_repeated: {
    title: 'Prompts repeated',
    meaning:
      'The load sent more requests than its file has prompts, so some were sent again and the engine may have answered them from its cache.',
    weight: 'doubt',
  },
  client_bound: {
    title: 'Client at its limit',
    meaning: 'The program that sent the load was the bottleneck, not the server; the server may be faster than these figures.',
    weight: 'doubt',
  },
  short_output: {
    title: 'Output length differs',
    meaning: 'Answers were more than 5 % shorter or longer than asked, so this point is not the same work as the others.',
    weight: 'doubt',
  },
  prompt_length: { title: 'Prompt length differs', meaning: 'Prompts were more than 2 % shorter or longer than asked.', weight: 'doubt' },
  tunnelled: {
    title: 'Sent through a tunnel',
    meaning: 'The load was sent from another machine; the round trip to the server is part of every latency.',
    weight: 'doubt',
  },
  engine_client: {
    title: "Engine's own client",
    meaning: 'The engine’s own program measured this point, by its own definitions; what it does not report is missing.',
    weight: 'note',
  },
  token_source: {
    title: 'Token counts uncertain',
    meaning: 'The server did not report token counts, or two sources disagree by more than 2 %; figures per token carry that error.',
    weight: 'doubt',
  },
  few_samples: {
    title: 'Few samples',
    meaning: 'Too few requests to carry every percentile shown; read p99 as roughly the largest value seen.',
    weight: 'note',
  },
  failures: {
    title: 'Failed requests',
    meaning: 'Some requests failed; latencies and throughput describe only those that succeeded.',
    weight: 'doubt',
  },
  client_missing: {
    title: 'A load client is missing',
    meaning: 'One of the clients that sent the load together left no result, so its part of the load is not in these figures.',
    weight: 'doubt',
  },
  random_weights: {
    title: 'Random weights',
    meaning:
      'The model’s weights were generated, not trained: timings are real, the text is noise, and the figures say nothing about a real model.',
    weight: 'note',
  },
  coalesced: {
    title: 'Tokens arrived in bunches',
    meaning: 'Many tokens came in one network read, so gaps between tokens describe the connection more than the engine.',
    weight: 'doubt',
  },
  rate_missed: { title: 'Rate not reached', meaning: 'Less than 98 % of the asked request rate was sent.', weight: 'doubt' },
  interrupted: { title: 'Stopped early', meaning: 'This point was stopped before its end.', weight: 'doubt' },
};
