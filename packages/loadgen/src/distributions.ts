import { summarize, summarizeWeighted, type Distribution, type RequestRecord } from '@bench/core';

export interface DistributionsOptions {
  /** Of `ok`, by `requestSamples`. */
  samples: ReadonlyMap<string, readonly number[]>;
  /** Requests that ended well. */
  ok: readonly RequestRecord[];
  /** By a request's index; where they are missing, ITL and ICL are absent. */
  gapsOf: ReadonlyMap<number, Float32Array>;
}

/** Distributions of some of the requests by metric name: those that a request has one sample of, and the gaps of all together. */
export function distributionsOf({ samples, ok, gapsOf }: DistributionsOptions): Record<string, Distribution> {
  const { values, weights } = tokenGaps(ok, gapsOf);
  const gaps: [string, Distribution | null][] = [
    ['itl_ms', summarizeWeighted(values, weights)],
    ['icl_ms', summarize(pool(ok, gapsOf))],
  ];
  const each = [...samples].map(([name, list]): [string, Distribution | null] => [name, summarize(list)]);
  return Object.fromEntries([...each, ...gaps].flatMap(([name, found]) => (found ? [[name, found] as const] : [])));
}

function pool(ok: readonly RequestRecord[], gapsOf: ReadonlyMap<number, Float32Array>): Float64Array {
  const lists = ok.map((r) => gapsOf.get(r.index)).filter((g) => g !== undefined);
  const out = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    out.set(list, at);
    at += list.length;
  }
  return out;
}

/** Gaps divided by the tokens of a chunk, each weighing as many tokens. */
function tokenGaps(
  ok: readonly RequestRecord[],
  gapsOf: ReadonlyMap<number, Float32Array>,
): { values: Float64Array; weights: Float64Array } {
  const values: number[] = [];
  const weights: number[] = [];
  for (const r of ok) {
    const gaps = gapsOf.get(r.index);
    if (!gaps || gaps.length === 0) continue;
    const perChunk = ((r.outputTokens ?? 0) - 1) / gaps.length;
    if (perChunk <= 0) continue;
    for (const gap of gaps) {
      values.push(gap / perChunk);
      weights.push(perChunk);
    }
  }
  return { values: Float64Array.from(values), weights: Float64Array.from(weights) };
}
