import { lengthsByRatio, type LengthRange, type RatioMeaning } from '@bench/core';

/**
 * How a client says ranges of input and output lengths: a length each and one ratio for both, which `lengthsByRatio` takes back. Null: these
 * ranges cannot be said.
 */
export function rangeRatio(
  client: RatioMeaning,
  input: LengthRange,
  output: LengthRange,
): { input: number; output: number; ratio: number } | null {
  const ranges = [input, output];
  if (ranges.some(({ min, max }) => min < 0 || max < 1)) return null;
  const length = ({ min, max }: LengthRange) => (client === 'vllm' ? (min + max) / 2 : max);
  const ratioOf = ({ min, max }: LengthRange) => (client === 'vllm' ? (max - min) / (max + min) : min / max);
  if (ranges.some((range) => !Number.isInteger(length(range)))) return null;
  // A hair to either side, so that rounding of the product does not move a bound.
  for (const ratio of ranges.map(ratioOf).flatMap((r) => [r, r * (1 - 1e-12), r * (1 + 1e-12)])) {
    const fits = ranges.every((range) => {
      const drawn = lengthsByRatio(client, length(range), ratio);
      return drawn?.min === range.min && drawn.max === range.max;
    });
    if (fits) return { input: length(input), output: length(output), ratio };
  }
  return null;
}
