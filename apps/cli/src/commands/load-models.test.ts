import { describe, expect, it } from 'vitest';
import { modelClasses } from './load-models.ts';

describe('--models', () => {
  it.each([
    ['a', [['a', 1]]],
    [
      'base=3,adapter',
      [
        ['base', 3],
        ['adapter', 1],
      ],
    ],
    [
      'llama3:8b=0.5, org/x=y=2',
      [
        ['llama3:8b', 0.5],
        ['org/x=y', 2],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(modelClasses(text)).toEqual(expected.map(([model, weight]) => ({ name: model, model, weight })));
  });

  it.each(['', 'a,', 'a=0', 'a=-1', 'a=x', 'a=', '=2', 'a,a=2'])('refuses "%s"', (text) => {
    expect(() => modelClasses(text)).toThrow(expect.objectContaining({ code: 'BENCH_USAGE' }));
  });
});
