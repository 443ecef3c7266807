import { describe, expect, it } from 'vitest';
import { grouped, type SortKey, sortedBy, sortKey } from './sorting.ts';

describe('sorting', () => {
  it.each<[string, SortKey]>([
    ['1,234.5', 1234.5],
    ['$0.0123', 0.0123],
    ['-3', -3],
    ['8 concurrent', 8],
    ['> 64', 64],
    ['–', null],
    ['', null],
    ['vLLM 0.11', 'vllm 0.11'],
  ])('takes %j for %j', (text, key) => {
    expect(sortKey(text)).toBe(key);
  });

  it('has what says nothing last in both directions, and leaves equals as they were', () => {
    const items = ['b2', '–', 'a2', '1', '10', '9'];
    const key = (item: string) => sortKey(item.replace(/^[ab]/, ''));
    expect(sortedBy(items, key, false)).toEqual(['1', 'b2', 'a2', '9', '10', '–']);
    expect(sortedBy(items, key, true)).toEqual(['10', '9', 'b2', 'a2', '1', '–']);
  });

  it('sorts groups by the best of their rows', () => {
    const items = [
      { of: 'x', v: 3 },
      { of: 'y', v: 9 },
      { of: 'x', v: 12 },
    ];
    const names = (options: { key: ((item: (typeof items)[number]) => number) | null; descending: boolean }) =>
      grouped(items, { of: (item) => item.of, ...options }).map(({ name, items: list }) => [name, ...list.map(({ v }) => v)]);
    expect(names({ key: null, descending: false })).toEqual([
      ['x', 3, 12],
      ['y', 9],
    ]);
    expect(names({ key: ({ v }) => v, descending: true })).toEqual([
      ['x', 12, 3],
      ['y', 9],
    ]);
    expect(names({ key: ({ v }) => -v, descending: true })).toEqual([
      ['x', 3, 12],
      ['y', 9],
    ]);
  });
});
