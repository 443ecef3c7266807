import { prng, seedOf, type LengthRange, type LoadSpec } from '@bench/core';
import { noisePng } from './noise-png.ts';

/** The pictures of one request, each a PNG in base64: how many, how large and which follow from the load's seed, its phase and its ordinal. */
export function imagesOf({ images, seed }: Pick<LoadSpec, 'images' | 'seed'>, phase: 'warmup' | 'measured', ordinal: number): string[] {
  if (!images) return [];
  const random = prng(seedOf(seed, 'images', phase, ordinal));
  const draw = ({ min, max }: LengthRange) => (min === max ? min : random.integer(min, max));
  return Array.from({ length: draw(images.perRequest) }, (_, k) =>
    noisePng({ width: draw(images.width), height: draw(images.height), key: `${seed}:${phase}:${ordinal}:${k}` }).toString('base64'),
  );
}
