import { describe, expect, it } from 'vitest';
import { retryDelayMs, withRetries } from './retry.ts';

const never = new AbortController().signal;

function tries(codes: readonly number[]) {
  const waits: number[] = [];
  let at = 0;
  return {
    waits,
    attempt: () => Promise.resolve({ code: codes[at++] as number }),
    io: {
      sleep: (ms: number) => {
        waits.push(ms);
        return Promise.resolve();
      },
    },
    made: () => at,
  };
}

describe('withRetries', () => {
  it('waits 5, 10, 20, 40, then 60 seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map((n) => retryDelayMs(n) / 1000)).toEqual([5, 10, 20, 40, 60, 60, 60]);
  });

  it.each([
    { codes: [0], retries: 3, code: 0, waits: [] },
    { codes: [1, 124, 0], retries: 3, code: 0, waits: [5000, 10_000] },
    { codes: [1, 2], retries: 1, code: 2, waits: [5000] },
    { codes: [7], retries: 0, code: 7, waits: [] },
    // The user's stop is not undone.
    { codes: [130], retries: 3, code: 130, waits: [] },
  ])('$codes with $retries retries ends with $code', async ({ codes, retries, code, waits }) => {
    const t = tries(codes);
    expect(await withRetries(t.attempt, { retries, io: t.io, signal: never })).toEqual({ code });
    expect(t.waits).toEqual(waits);
    expect(t.made()).toBe(codes.length);
  });

  it('is broken off while it waits', async () => {
    const stop = new AbortController();
    const io = {
      sleep: () => {
        stop.abort();
        return Promise.reject(new Error('aborted'));
      },
    };
    const t = tries([1, 0]);
    expect(await withRetries(t.attempt, { retries: 1, io, signal: stop.signal })).toEqual({ code: 130 });
    expect(t.made()).toBe(1);
  });
});
