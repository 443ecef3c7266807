import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { clockMs } from '../clock.ts';
import { readClock } from './read-clock.ts';

const spend = (ms: number) => {
  const untilMs = clockMs() + ms;
  while (clockMs() < untilMs);
};

it('stamps all reads of one poll alike, however long reading the others takes, and those of the next anew', async () => {
  const clock = readClock();
  const beforeMs = clockMs();
  clock.read();
  const first = clock.at();
  expect(first).toBeGreaterThanOrEqual(beforeMs);
  spend(5);
  clock.read();
  expect([clock.at(), clock.turn()]).toEqual([first, 2]);
  const made = clock.madeAt();
  expect(made).toBeGreaterThanOrEqual(first + 5);
  spend(1);
  expect(clock.madeAt()).toBe(made);
  await nextTurn();
  // What happens beside reading, as a connection's end, which is told after a poll's reads, is no poll.
  clock.other();
  const closed = clock.at();
  expect([closed >= made, clock.madeAt()]).toEqual([true, closed]);
  spend(1);
  clock.read();
  expect(clock.at()).toBeGreaterThanOrEqual(closed + 1);
});
