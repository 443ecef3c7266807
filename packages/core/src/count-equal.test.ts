import { expect, it } from 'vitest';
import { countEqual } from './index.ts';

it('counts equal texts, most first, and keeps the order of those that are there equally often', () => {
  expect(countEqual(['b', 'a', 'c', 'a', 'c'])).toEqual([
    { text: 'a', count: 2 },
    { text: 'c', count: 2 },
    { text: 'b', count: 1 },
  ]);
  expect(countEqual([])).toEqual([]);
});
