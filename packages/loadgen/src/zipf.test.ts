import { prng } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { zipf } from './zipf.ts';

describe('zipf', () => {
  it.each([
    [1, 1],
    [5, 0],
    [20, 1],
    [100, 1.3],
    [1000, 0.5],
  ])('draws each of %i ranks in proportion to its power, exponent %f', (count, exponent) => {
    const draw = zipf(count, exponent);
    const random = prng(11);
    const samples = 50_000;
    const seen = new Float64Array(count);
    for (let i = 0; i < samples; i++) seen[draw(random.next())]!++;
    const weights = Array.from({ length: count }, (_, k) => (k + 1) ** -exponent);
    const sum = weights.reduce((a, b) => a + b, 0);
    // Pearson's chi-squared has count − 1 degrees of freedom: mean count − 1, variance 2 (count − 1).
    const chi = weights.reduce((total, w, k) => total + ((seen[k] as number) - (samples * w) / sum) ** 2 / ((samples * w) / sum), 0);
    expect(chi).toBeLessThanOrEqual(count - 1 + 5 * Math.sqrt(2 * (count - 1)));
  });

  it('covers the ends of what is drawn', () => {
    const draw = zipf(3, 1);
    expect([draw(0), draw(6 / 11 - 1e-9), draw(6 / 11 + 1e-9), draw(9 / 11 + 1e-9), draw(1 - 2 ** -32)]).toEqual([0, 0, 1, 2, 2]);
  });
});
