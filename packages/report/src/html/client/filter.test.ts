import { describe, expect, it } from 'vitest';
import type { ViewData } from '../view-data.ts';
import { applyFilter, filterWords, isFiltered, NO_FILTER, toggled } from './filter.ts';

const DATA: ViewData = {
  facets: [
    { id: 'engine', label: 'Engine', values: ['sglang', 'vllm'] },
    { id: 'tag', label: 'Tag', values: ['nightly', 'tuned'] },
  ],
  rows: [
    { id: '0.0', values: [[1], [0, 1]] },
    { id: '0.1', values: [[1], []] },
    { id: '1.0', values: [[0], [0]] },
  ],
  tasks: ['qwen tp8', 'qwen tp4'],
};
const shown = (filter: Parameters<typeof applyFilter>[1]) => [...applyFilter(DATA, filter).shown];

describe('filtering', () => {
  it('leaves rows that have one of the values of every facet that is filtered by', () => {
    expect(shown(NO_FILTER)).toEqual(['0.0', '0.1', '1.0']);
    expect(shown(toggled(NO_FILTER, 'engine', 'vllm'))).toEqual(['0.0', '0.1']);
    expect(shown(toggled(toggled(NO_FILTER, 'engine', 'vllm'), 'tag', 'nightly'))).toEqual(['0.0']);
    expect(shown(toggled(toggled(NO_FILTER, 'engine', 'vllm'), 'engine', 'sglang'))).toHaveLength(3);
    expect(isFiltered(toggled(toggled(NO_FILTER, 'engine', 'vllm'), 'engine', 'vllm'))).toBe(false);
  });

  it('finds every word in the names and values of a row, in any case', () => {
    expect(shown({ ...NO_FILTER, text: 'TP8 nightly' })).toEqual(['0.0']);
    expect(shown({ ...NO_FILTER, text: '  ' })).toHaveLength(3);
    expect(shown({ ...NO_FILTER, text: '(.*' })).toEqual([]);
  });

  it('counts of each value what it would leave', () => {
    expect(applyFilter(DATA, toggled(NO_FILTER, 'engine', 'vllm')).counts).toEqual([
      [1, 2],
      [1, 1],
    ]);
  });

  it('says itself in words', () => {
    const filter = toggled(toggled(NO_FILTER, 'engine', 'vllm'), 'engine', 'sglang');
    expect(filterWords(DATA, { ...filter, text: ' h200 ' })).toBe('Engine vllm or sglang; “h200”');
  });
});
