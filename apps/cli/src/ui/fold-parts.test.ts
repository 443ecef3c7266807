import { expect, it } from 'vitest';
import { foldParts } from './fold-parts.ts';

it('goes on below where a line is full, and never within a part', () => {
  expect(foldParts(['ok c=3', '12 requests', '1578 tok/s'], 21)).toBe('ok c=3  12 requests\n    1578 tok/s');
  expect(foldParts(['ok c=3', '12 requests', '1578 tok/s'], undefined)).toBe('ok c=3  12 requests  1578 tok/s');
});

it('counts what is seen', () => {
  expect(foldParts(['\u001B[32mok\u001B[39m', 'abc'], 7)).toBe('\u001B[32mok\u001B[39m  abc');
});
