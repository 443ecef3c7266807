import { describe, expect, it } from 'vitest';
import { cancelOf } from './load-cancel.ts';

describe('--cancel', () => {
  it.each([
    ['0.1', { ratio: 0.1 }],
    ['.25:2s', { ratio: 0.25, afterMs: { min: 2000, max: 2000 } }],
    ['0.1:500ms-5s', { ratio: 0.1, afterMs: { min: 500, max: 5000 } }],
  ])('%s', (text, cancel) => {
    expect(cancelOf(text)).toEqual(cancel);
  });

  it.each(['0', '1', '1.5', '', 'x', '-0.1', '0.1:', '0.1:5s-1s', '0.1:soon'])('refuses "%s"', (text) => {
    expect(() => cancelOf(text)).toThrow(expect.objectContaining({ code: 'BENCH_USAGE' }));
  });
});
