import type { RunView } from '@bench/results';
import { expect, it } from 'vitest';
import { takenText, toCome } from './taken-text.ts';

it('says what was taken, what failed, and what is still to come', () => {
  expect(takenText({ taken: 2, failed: 0, toCome: 3 })).toBe('2 points taken, 3 still to come');
  expect(takenText({ taken: 1, failed: 1, toCome: 0 })).toBe('1 point taken, 1 failed, no more to come');
});

it('counts points that nobody has settled, repeats too', () => {
  const planned = [
    { points: 2, repeats: 3 },
    { points: 1, repeats: 1 },
  ];
  const view = { run: { tasks: planned }, tasks: [{ points: [{}, {}] }, { points: [] }] } as unknown as RunView;
  expect(toCome(view)).toBe(5);
});
