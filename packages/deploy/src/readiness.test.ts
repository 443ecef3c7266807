import { expect, it } from 'vitest';
import { createIo } from '@bench/core';
import { waitUntil } from './readiness.ts';

it('says what was last seen, and what to do, when time is up', async () => {
  const never = { name: 'health', timeoutMs: 0, hint: 'look at the log', check: () => Promise.resolve('GET /health answered 503') };
  await expect(waitUntil(never, createIo(), new AbortController().signal)).rejects.toMatchObject({
    code: 'BENCH_NOT_READY',
    message: 'health: not ready after 0 s: GET /health answered 503',
    hint: 'look at the log',
  });
});
