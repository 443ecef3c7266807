import { describe, expect, it } from 'vitest';
import { linearScale, logScale, scaleFor } from './scale.ts';

describe('scales', () => {
  it.each([0.003, 0.7, 1, 7, 9.99, 10, 99, 1008, 123_456])('linear: reaches %s with a handful of round ticks', (max) => {
    const scale = linearScale(max);
    expect(scale.max).toBeGreaterThanOrEqual(max);
    expect(scale.at(max)).toBeGreaterThan(0.5);
    expect(scale.at(max)).toBeLessThanOrEqual(1 + 1e-9);
    expect(scale.ticks.length).toBeGreaterThanOrEqual(3);
    expect(scale.ticks.length).toBeLessThanOrEqual(8);
  });

  it('linear: of nothing, of zeros and of infinity is still a scale', () => {
    for (const scale of [linearScale(0), scaleFor([]), scaleFor([0, 0]), linearScale(Infinity)]) {
      expect(scale.max).toBeGreaterThan(scale.min);
      expect(Number.isFinite(scale.at(0))).toBe(true);
    }
  });

  it.each([
    [1, 1],
    [3, 900],
    [0.02, 50],
    [0.001, 100_000],
    [499, 501],
  ])('logarithmic: holds %s to %s with few ticks', (min, max) => {
    const scale = logScale(min, max);
    expect(scale.at(min)).toBeGreaterThanOrEqual(-1e-9);
    expect(scale.at(max)).toBeLessThanOrEqual(1 + 1e-9);
    expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
    expect(scale.ticks.length).toBeLessThanOrEqual(10);
  });

  it('is logarithmic only where values are far apart and none is zero', () => {
    expect(scaleFor([1, 1000]).kind).toBe('log');
    expect(scaleFor([0, 1000]).kind).toBe('linear');
    expect(scaleFor([10, 100]).kind).toBe('linear');
  });
});
