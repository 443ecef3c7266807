import { describe, expect, it } from 'vitest';
import type { ViewData } from '../view-data.ts';
import { AS_WRITTEN, readHash, type ViewState, writeHash } from './view-state.ts';

const HOSTILE = `"><img src=x onerror=alert(1)>&engine=x#%`;
const DATA: ViewData = {
  facets: [
    { id: 'engine', label: 'Engine', values: ['vllm', HOSTILE] },
    { id: 'p.a&b=c', label: 'a&b=c', values: ['1', '2'] },
  ],
  rows: [],
  tasks: ['a', 'b', 'c'],
};

describe('a link to a view', () => {
  it('says all of it, and is read back', () => {
    const view: ViewState = {
      filter: {
        text: 'two words',
        values: new Map([
          ['engine', [HOSTILE, 'vllm']],
          ['p.a&b=c', ['2']],
        ]),
      },
      group: 'p.a&b=c',
      sort: { column: 'TTFT, ms p99', descending: true },
      zoom: new Map([['curve-ttft_ms', [0.5, 20, 1, 3]]]),
      draw: ['2'],
      open: [0, 3],
    };
    const hash = writeHash('curve', view);
    expect(hash).toMatch(/^#curve&q=two\+words&engine=/);
    expect(readHash(hash, DATA)).toEqual({ section: 'curve', view });
    expect(readHash(writeHash('', view), DATA)).toEqual({ section: '', view });
  });

  it('of a page as it was written is none', () => {
    expect(writeHash('', AS_WRITTEN)).toBe('');
    expect(writeHash('series', AS_WRITTEN)).toBe('#series');
    expect(readHash('', DATA)).toEqual({ section: '', view: null });
    expect(readHash('#series', DATA)).toEqual({ section: 'series', view: null });
  });

  it('may come from anywhere: what the page does not have is ignored', () => {
    const hash =
      '#engine=no&engine=vllm&__proto__=x&group=nothing&sort=x&sort=-&zoom=c~1~x&zoom=c~~2&zoom=c~1~Infinity&draw=-1&draw=9&draw=1e0&open=a.1.-2&%E0%A4%A';
    expect(readHash(hash, DATA).view).toEqual({ ...AS_WRITTEN, filter: { text: '', values: new Map([['engine', ['vllm']]]) }, open: [1] });
    expect(readHash(`#q=${'x'.repeat(1_000_000)}`, DATA).view?.filter.text).toHaveLength(200);
  });
});
