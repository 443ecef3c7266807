import type { ClientSecond, SeriesRow } from '@bench/core';
import { expect, it } from 'vitest';
import { movedSeconds, withClientSeconds } from './client-seconds.ts';

const rows: SeriesRow[] = [0, 1, 2].map((t) => ({ t, sent: 1, done: 1, failed: 0, outputTokens: 9, inFlight: 1, ttftP50Ms: 5 }));
const seen = (worker: number, elu: number): ClientSecond => ({
  worker,
  wallMs: 1000,
  elu,
  busy: elu,
  loopDelayP99Ms: 1,
  scheduleLagP99Ms: null,
  gcMs: 0,
  cpuMs: null,
  cpuWaitMs: null,
  eventsPerRead: 1,
});

it('puts what workers saw into the rows of their seconds', () => {
  const with2 = withClientSeconds(rows, [
    { t: 0, ...seen(1, 0.4) },
    { t: 0, ...seen(0, 0.3) },
    { t: 2, ...seen(0, 0.5) },
    { t: 3, ...seen(0, 0.9) }, // on its way out
  ]);
  expect(with2.map(({ client }) => client?.map(({ worker, elu }) => [worker, elu]))).toEqual([
    [
      [0, 0.3],
      [1, 0.4],
    ],
    [],
    [[0, 0.5]],
  ]);
  expect(withClientSeconds(rows, [])).toEqual(rows);
});

it('moves what another client saw by whole seconds, and numbers its threads after those before it', () => {
  const its = withClientSeconds(rows, [
    { t: 0, ...seen(0, 0.1) },
    { t: 1, ...seen(1, 0.2) },
  ]);
  expect(movedSeconds(its, { byMs: 1600, workers: 3 })).toEqual([
    { t: 2, ...seen(3, 0.1) },
    { t: 3, ...seen(4, 0.2) },
  ]);
  // One whose clock began before: nothing is lost at the front.
  const [first] = withClientSeconds(rows, movedSeconds(its, { byMs: -700, workers: 1 }));
  expect(first?.client?.map(({ worker }) => worker)).toEqual([1, 2]);
});
