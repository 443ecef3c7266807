import type { LengthRange } from './load.ts';

/** Whose idea of a range ratio. */
export type RatioMeaning = 'vllm' | 'sglang';

/**
 * The lengths that a client draws, uniformly, when it is given one length L and a range ratio r. vLLM (vllm/benchmarks/datasets.py): whole
 * numbers of ⌊L(1−r)⌋…⌈L(1+r)⌉, 0 ≤ r < 1, so that r = 0 is exactly L. SGLang (sglang.bench_serving), and older releases of vLLM: max(⌊L·r⌋, 1)…L, 0 ≤ r ≤ 1, so that r = 1 is exactly L
 * and r = 0 is 1…L. Computed as they do, in floating point. Null: the ratio is out of its range.
 */
export function lengthsByRatio(meaning: RatioMeaning, length: number, ratio: number): LengthRange | null {
  if (meaning === 'sglang') return ratio >= 0 && ratio <= 1 ? { min: Math.max(Math.floor(length * ratio), 1), max: length } : null;
  return ratio >= 0 && ratio < 1 ? { min: Math.floor(length * (1 - ratio)), max: Math.ceil(length * (1 + ratio)) } : null;
}
