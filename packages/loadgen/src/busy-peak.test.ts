import { expect, it } from 'vitest';
import { busyPeak } from './busy-peak.ts';

const seconds = (...shares: number[]) => shares.map((busy) => ({ busy, wallMs: 1000 }));

it('is the worst of any three seconds on end', () => {
  expect(busyPeak(seconds(0.1, 0.9, 0.9, 0.9, 0.1, 0.5))).toBeCloseTo(0.9);
  expect(busyPeak(seconds(1, 0.2, 1, 0.2, 1, 0.2))).toBeCloseTo(2.2 / 3);
  // A start that is busy is no stretch.
  expect(busyPeak(seconds(1, 1, 0, 0, 0, 0))).toBeCloseTo(2 / 3);
});

it('weighs stretches by their length: a thread that was held up could not look every second', () => {
  expect(busyPeak([...seconds(0.1), { busy: 1, wallMs: 4000 }, ...seconds(0.1)])).toBeCloseTo(1);
  expect(busyPeak([{ busy: 1, wallMs: 1500 }, ...seconds(0.1, 0.1, 0.1)])).toBeCloseTo(1.7 / 3.5);
});

it('is nothing where there were no three seconds', () => {
  expect(busyPeak([])).toBeNull();
  expect(busyPeak(seconds(1, 1))).toBeNull();
  expect(busyPeak([{ busy: 0.9, wallMs: 990 }, ...seconds(0.9, 0.9)])).toBeCloseTo(0.9);
});
