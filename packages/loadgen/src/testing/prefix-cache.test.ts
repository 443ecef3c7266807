import { expect, it } from 'vitest';
import { prefixCache } from './prefix-cache.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

it('has whole blocks from the front, never the whole prompt', () => {
  const cache = prefixCache(4);
  expect(cache.take(range(0, 10))).toBe(0);
  expect(cache.take(range(0, 10))).toBe(8);
  expect(cache.take([...range(0, 6), 99, 98, 97])).toBe(4);
  // Two whole blocks are there, but the last token must be computed.
  expect(cache.take(range(0, 8))).toBe(4);
  expect(cache.take(range(0, 3))).toBe(0);
});

it('knows a block by all that is before it', () => {
  const cache = prefixCache(2);
  cache.take([1, 2, 3, 4, 5]);
  expect(cache.take([9, 9, 3, 4, 5])).toBe(0);
  expect(cache.take([3, 4, 5])).toBe(0);
  expect(cache.take([1, 2, 3, 4, 7])).toBe(4);
});

it('forgets all when it is told to', () => {
  const cache = prefixCache(2);
  cache.take([1, 2, 3]);
  cache.reset();
  expect(cache.take([1, 2, 3])).toBe(0);
});
