import { expect, it } from 'vitest';
import { steadyRead } from './steady-read.ts';

it('gives what was so at one moment, however much moved while it was read', () => {
  // Sent and ended; a reading that is interrupted between the two has more ended than sent.
  const readings = [
    [10, 9],
    [10, 12],
    [14, 14],
    [15, 14],
    [15, 14],
    [16, 15],
  ];
  let at = 0;
  expect(steadyRead(() => readings[at++] as number[])).toEqual([15, 14]);
  expect(at).toBe(5);
});

it('gives up on what never stands still, with what it saw last', () => {
  let count = 0;
  const [value] = steadyRead(() => [++count]);
  expect(value).toBe(count);
  expect(count).toBeLessThan(1000);
});
