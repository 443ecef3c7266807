import { describe, expect, it, vi } from 'vitest';
import { BenchError, messageOf } from './error.ts';

describe('BenchError', () => {
  it('carries what it was given, and says no to retrying by default', () => {
    const cause = new Error('refused');
    const error = new BenchError({
      code: 'BENCH_X',
      message: 'a.yaml:3:1 wrong',
      hint: 'write it right',
      cause,
      scope: 'zone',
      exitCode: 4,
      details: { line: 3 },
    });
    expect(error).toMatchObject({
      name: 'BenchError',
      code: 'BENCH_X',
      message: 'a.yaml:3:1 wrong',
      hint: 'write it right',
      cause,
      scope: 'zone',
      exitCode: 4,
      details: { line: 3 },
      retryable: false,
    });
    expect('cause' in new BenchError({ code: 'BENCH_X', message: 'm' })).toBe(false);
  });

  it('is recognised across copies of the package, where instanceof fails', async () => {
    vi.resetModules();
    const copy = await import('./error.ts');
    const theirs = new copy.BenchError({ code: 'BENCH_THEIRS', message: 'm' });
    expect(copy.BenchError).not.toBe(BenchError);
    expect(theirs instanceof BenchError).toBe(false);
    expect(BenchError.is(theirs)).toBe(true);
  });

  it('is not taken for anything else', () => {
    for (const value of [null, undefined, 'BenchError', new Error('BenchError'), { code: 'BENCH_X', name: 'BenchError' }, 7])
      expect(BenchError.is(value)).toBe(false);
  });
});

it('messageOf finds a message in whatever was thrown', () => {
  expect([new Error('a'), 'b', { message: 'c' }, 42, undefined, null].map(messageOf)).toEqual(['a', 'b', 'c', '42', 'undefined', 'null']);
  expect(messageOf(Object.create(null))).toBe('something without a message');
});
