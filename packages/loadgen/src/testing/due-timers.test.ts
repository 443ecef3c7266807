import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { clockMs } from '../clock.ts';
import { dueTimers } from './due-timers.ts';

it('wakes every sleeper once, in the order of their times, and none before its own', async () => {
  const timers = dueTimers();
  const startMs = clockMs();
  const woken: number[] = [];
  // Every time from 0 to 39.9 ms once, far out of order; more are due at once than are woken in one turn.
  const sleeps = Array.from({ length: 400 }, async (_, i) => {
    const dueMs = startMs + ((i * 37) % 400) / 10;
    expect(await timers.sleeper().until(dueMs)).toBe(true);
    expect(clockMs()).toBeGreaterThanOrEqual(dueMs);
    woken.push(dueMs);
  });
  await Promise.all(sleeps);
  expect(woken).toHaveLength(400);
  expect(woken).toEqual([...woken].sort((a, b) => a - b));
  timers.close();
});

it('wakes them in order when all have been due for long', async () => {
  const timers = dueTimers();
  const woken: number[] = [];
  await Promise.all(
    Array.from({ length: 600 }, async (_, i) => {
      const dueMs = (i * 37) % 600;
      await timers.sleeper().until(dueMs);
      woken.push(dueMs);
    }),
  );
  expect(woken).toEqual(Array.from({ length: 600 }, (_, i) => i));
  timers.close();
});

it('gives others a turn however late a stream is', async () => {
  const timers = dueTimers();
  const sleeper = timers.sleeper();
  let turns = 0;
  const other = (async () => {
    for (; turns < 20; turns++) await nextTurn();
  })();
  for (let i = 0; i < 50; i++) await sleeper.until(0);
  expect(turns).toBe(20);
  await other;
  timers.close();
});

it('ends what is waited for, then and later', async () => {
  const timers = dueTimers();
  const [left, stays] = [timers.sleeper(), timers.sleeper()];
  const never = left.until(Number.POSITIVE_INFINITY);
  const soon = stays.until(clockMs() + 5);
  expect(left.ended).toBe(false);
  left.end();
  expect([await never, left.ended, await left.until(0), await soon]).toEqual([false, true, false, true]);
  const closed = stays.until(Number.POSITIVE_INFINITY);
  timers.close();
  expect(await closed).toBe(false);
});
