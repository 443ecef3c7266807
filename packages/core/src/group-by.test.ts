import { expect, it } from 'vitest';
import { groupBy } from './index.ts';

it('keeps keys and items in their order, and leaves out what has no key', () => {
  const lengths = groupBy(['pear', 'fig', 'kiwi', '', 'plum', 'date'], ({ length }) => length || null);
  expect([...lengths]).toEqual([
    [4, ['pear', 'kiwi', 'plum', 'date']],
    [3, ['fig']],
  ]);
});
