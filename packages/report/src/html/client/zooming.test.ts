import { describe, expect, it } from 'vitest';
import { linearScale, logScale, rangeScale } from '../../charts/scale.ts';
import { around, fits, zoomed } from './zooming.ts';

describe('zooming', () => {
  const whole = linearScale(100);

  it('goes into what is shown, stays within the axis, and comes out again', () => {
    const into = zoomed(whole, whole, 0.25, 0.75);
    expect(into).toEqual([25, 75]);
    const shown = rangeScale('linear', 25, 75);
    expect(zoomed(whole, shown, 0.5, 1)).toEqual([50, 75]);
    // To the right, as far as the axis goes.
    expect(zoomed(whole, shown, 0.8, 1.8)?.map(Math.round)).toEqual([50, 100]);
    expect(zoomed(whole, shown, ...around(0.5, 4))).toBeNull();
    const [from, to] = zoomed(whole, whole, 0.5, 0.5) ?? [0, 0];
    expect(to - from).toBeCloseTo(0.1);
  });

  it('halves a logarithmic axis at its middle', () => {
    const log = logScale(1, 10_000);
    const [from, to] = zoomed(log, log, 0, 0.5) ?? [0, 0];
    expect(from).toBeCloseTo(1);
    expect(to).toBeCloseTo(100);
  });

  it('takes from a link only what lies on the axis', () => {
    expect(fits(whole, [20, 40])).toBe(true);
    for (const range of [
      [40, 20],
      [-50, 20],
      [20, 1e9],
      [20, 20],
      [20, 20.0001],
      [Number.NaN, 3],
    ] as [number, number][])
      expect(fits(whole, range)).toBe(false);
  });
});

describe('a part of an axis', () => {
  it.each([
    ['linear', 13, 14],
    ['linear', 0, 7.3],
    ['log', 1, 1000],
    ['log', 3, 4],
    ['log', 0.012, 0.5],
  ] as const)('%s from %s to %s has some round ticks within', (kind, min, max) => {
    const { ticks, at } = rangeScale(kind, min, max);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(9);
    for (const tick of ticks) expect(at(tick)).toBeGreaterThanOrEqual(-1e-6);
    for (const tick of ticks) expect(at(tick)).toBeLessThanOrEqual(1 + 1e-6);
    expect(at(min)).toBeCloseTo(0);
    expect(at(max)).toBeCloseTo(1);
  });
});
