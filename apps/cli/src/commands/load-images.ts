import type { LoadSpecInput } from '@bench/core';
import { usage } from '../asked.ts';

const RANGE = String.raw`([1-9]\d{0,3})(?:-([1-9]\d{0,3}))?`;
const IMAGES = new RegExp(`^(?:${RANGE}:)?${RANGE}x${RANGE}$`);

/** `--images 512x512`, `2:512x512`, `1-3:256-1024x256-1024`: how many a request has, and how large they are. */
export function imagesOf(text: string): NonNullable<LoadSpecInput['images']> {
  const match = IMAGES.exec(text);
  const range = (at: number, most: number) => {
    const min = Number(match?.[at] ?? 1);
    return { min, max: Number(match?.[at + 1] ?? min), most };
  };
  const asked = [range(1, 100), range(3, 8192), range(5, 8192)];
  if (!match || asked.some(({ min, max, most }) => min > max || max > most))
    throw usage(
      `--images ${text}: expected a width and a height, such as 512x512, 2:512x512 or 1-3:256-1024x256-1024`,
      '100 images of 8192x8192 at most',
    );
  const [perRequest, width, height] = asked.map(({ min, max }) => ({ min, max }));
  return { perRequest: perRequest!, width: width!, height: height! };
}
