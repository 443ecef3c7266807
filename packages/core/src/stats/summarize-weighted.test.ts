import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarizeWeighted } from './summarize-weighted.ts';
import { summarize } from './summarize.ts';

describe('summarizeWeighted', () => {
  it('equals the summary of repeated values when weights are whole', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(pairs, (list) => {
        const weighted = summarizeWeighted(
          Float64Array.from(list, ([v]) => v),
          Float64Array.from(list, ([, w]) => w),
        );
        const repeated = summarize(list.flatMap(([v, w]) => Array<number>(w).fill(v)));
        for (const [key, value] of Object.entries(repeated ?? {})) {
          expect(weighted?.[key as 'p50'], key).toBeCloseTo(value, 9);
        }
      }),
    );
  });

  it('is null for nothing, and stays within the values for fractional weights', () => {
    expect(summarizeWeighted(new Float64Array(0), new Float64Array(0))).toBeNull();
    const some = summarizeWeighted(Float64Array.of(3, 1, 2), Float64Array.of(0.4, 0.7, 2.2));
    expect(some?.mean).toBeCloseTo((3 * 0.4 + 0.7 + 2 * 2.2) / 3.3, 12);
    expect([some?.min, some?.max]).toEqual([1, 3]);
    expect(some?.p50).toBeGreaterThanOrEqual(1);
    expect(some?.p999).toBeLessThanOrEqual(3);
  });
});
