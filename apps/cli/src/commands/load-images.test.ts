import { expect, it } from 'vitest';
import { imagesOf } from './load-images.ts';

it('reads how many images a request has, and how large they are', () => {
  const exactly = (n: number) => ({ min: n, max: n });
  expect(imagesOf('512x256')).toEqual({ perRequest: exactly(1), width: exactly(512), height: exactly(256) });
  expect(imagesOf('2:8x8').perRequest).toEqual(exactly(2));
  expect(imagesOf('1-3:256-1024x64-128')).toEqual({
    perRequest: { min: 1, max: 3 },
    width: { min: 256, max: 1024 },
    height: { min: 64, max: 128 },
  });
});

it.each(['512', 'x', '0x8', '8x', '9-8x8', '8x9000', '101:8x8', '2-:8x8'])('refuses %s', (text) => {
  expect(() => imagesOf(text)).toThrow(/--images .*: expected a width and a height/);
});
