import { expect, it } from 'vitest';
import { PhaseTimer } from './phases.ts';

const at = (...times: number[]) => {
  let i = 0;
  return () => times[Math.min(i++, times.length - 1)] as number;
};

it('times phases one after another, from the start of the timer', () => {
  const timer = new PhaseTimer(at(100, 150, 250, 250, 400));
  timer.begin('pull');
  timer.begin('load');
  timer.end();
  timer.end();
  expect(timer.phases).toEqual([
    { name: 'pull', startMs: 50, durationMs: 100 },
    { name: 'load', startMs: 150, durationMs: 150 },
  ]);
});

it('shows the open phase cut at now, without ending it', () => {
  const timer = new PhaseTimer(at(0, 10, 25, 40));
  timer.begin('load');
  expect(timer.phases).toEqual([{ name: 'load', startMs: 10, durationMs: 15 }]);
  expect(timer.phases).toEqual([{ name: 'load', startMs: 10, durationMs: 30 }]);
});

it('times what it is given to do, also when that fails', async () => {
  const timer = new PhaseTimer(at(0, 5, 9, 20, 26));
  await expect(timer.run('start', () => Promise.resolve('up'))).resolves.toBe('up');
  await expect(timer.run('smoke', () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
  expect(timer.phases).toEqual([
    { name: 'start', startMs: 5, durationMs: 4 },
    { name: 'smoke', startMs: 20, durationMs: 6 },
  ]);
});
