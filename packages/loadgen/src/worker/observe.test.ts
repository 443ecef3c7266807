import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clientSecondSchema } from '@bench/core';
import { expect, it } from 'vitest';
import { clockMs } from '../clock.ts';
import { observeSelf } from './observe.ts';

/** Holds the thread. */
function work(ms: number): void {
  for (const until = clockMs() + ms; clockMs() < until;);
}

it('sees a thread that was held up as one long second, and begins the next where that ended', async () => {
  const observer = observeSelf({ worker: 2, zeroMs: clockMs() });
  observer.lag(3);
  observer.token(true);
  observer.token(false);
  work(2100);
  await delay(20);
  observer.lag(40);
  const { seconds, lagsMs, wallMs, elu } = observer.stop();
  const [first, second] = seconds.map(({ t, ...its }) => ({ t, ...clientSecondSchema.parse(its) }));
  expect(first).toMatchObject({ t: 0, worker: 2, scheduleLagP99Ms: 3, eventsPerRead: 2 });
  expect(first?.wallMs).toBeGreaterThanOrEqual(2100);
  expect(first?.elu).toBeGreaterThan(0.9);
  expect(second).toMatchObject({ scheduleLagP99Ms: 40, eventsPerRead: null });
  expect(second?.t).toBeGreaterThanOrEqual(2);
  expect([...lagsMs]).toEqual([3, 40]);
  expect(seconds.reduce((sum, each) => sum + each.wallMs, 0)).toBeCloseTo(wallMs, 1);
  expect(elu).toBeLessThanOrEqual(1);
});

it('takes waiting by spinning for idleness', () => {
  const observer = observeSelf({ worker: 0, zeroMs: clockMs() });
  const from = clockMs();
  work(200);
  observer.spin(clockMs() - from);
  const { elu, seconds } = observer.stop();
  expect(elu).toBeLessThan(0.5);
  expect(seconds[0]?.elu).toBeLessThan(0.5);
});

it('counts the time that garbage collection takes', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const observer = observeSelf({ worker: 0, zeroMs: clockMs() });
  collect();
  await delay(20);
  expect(observer.stop().seconds.reduce((sum, { gcMs }) => sum + gcMs, 0)).toBeGreaterThan(0);
});

it.each(existsSync('/proc/thread-self/schedstat') ? ['Linux'] : [])('knows what CPU time the thread had, on %s', () => {
  const observer = observeSelf({ worker: 0, zeroMs: clockMs() });
  work(100);
  const [first] = observer.stop().seconds;
  // Together with its waiting for a CPU it makes up the time that passed.
  expect((first?.cpuMs ?? 0) + (first?.cpuWaitMs ?? 0)).toBeGreaterThan(50);
  expect(first?.cpuMs).toBeGreaterThan(0);
});
