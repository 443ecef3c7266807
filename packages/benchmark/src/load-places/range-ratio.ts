import type { LengthRange } from '@bench/core';

/**
 * How a client says ranges of input and output lengths: a length each and one ratio r for both. vLLM draws uniformly from ⌊L(1−r)⌋…⌈L(1+r)⌉,
 * SGLang from max(⌊L·r⌋, 1)…L; exact lengths are r = 0 there and r = 1 here. Null: these ranges cannot be said.
 */
export function rangeRatio(
  client: 'vllm' | 'sglang',
  input: LengthRange,
  output: LengthRange,
): { input: number; output: number; ratio: number } | null {
  const ranges = [input, output];
  if (ranges.some(({ min, max }) => min < 0 || max < 1)) return null;
  const length = ({ min, max }: LengthRange) => (client === 'vllm' ? (min + max) / 2 : max);
  const ratioOf = ({ min, max }: LengthRange) => (client === 'vllm' ? (max - min) / (max + min) : min / max);
  const bounds = (l: number, r: number): [number, number] =>
    client === 'vllm' ? [Math.floor(l * (1 - r)), Math.ceil(l * (1 + r))] : [Math.max(Math.floor(l * r), 1), l];
  if (ranges.some((range) => !Number.isInteger(length(range)))) return null;
  // A hair to either side, so that rounding of the product does not move a bound.
  for (const ratio of ranges.map(ratioOf).flatMap((r) => [r, r * (1 - 1e-12), r * (1 + 1e-12)])) {
    const fits = ranges.every((range) => {
      const [min, max] = bounds(length(range), ratio);
      return min === range.min && max === range.max;
    });
    if (fits) return { input: length(input), output: length(output), ratio };
  }
  return null;
}
