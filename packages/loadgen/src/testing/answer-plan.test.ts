import { percentile } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { planAnswer } from './answer-plan.ts';
import type { TestServerOptions } from './options.ts';

const drawn: TestServerOptions = {
  ttftMs: { kind: 'lognormal', median: 200, sigma: 0.5 },
  gapMs: { kind: 'uniform', min: 10, max: 30 },
  tokensPerChunk: { kind: 'uniform', min: 1, max: 5 },
};
const gapsOf = ({ atMs }: { atMs: Float64Array }) => [...atMs.subarray(1)].map((at, i) => at - (atMs[i] as number));

describe('planAnswer', () => {
  it('is what was asked for where nothing is drawn', () => {
    const { atMs, sizes } = planAnswer({ ttftMs: 50, gapMs: 20, tokensPerChunk: 4 }, 'a', 10);
    expect([...atMs]).toEqual([50, 70, 90]);
    expect(sizes).toEqual([4, 4, 2]);
    expect(planAnswer({}, 'a', 3)).toEqual({ atMs: Float64Array.of(0, 0, 0), sizes: [1, 1, 1] });
    expect(planAnswer({ ttftMs: 50, gapMs: 20 }, 'a', 0)).toEqual({ atMs: Float64Array.of(50), sizes: [] });
  });

  it('follows from seed and key, and from nothing else', () => {
    const one = planAnswer({ ...drawn, seed: 3 }, '0000002a-7', 100);
    planAnswer({ ...drawn, seed: 3 }, '0000002a-8', 100);
    expect(planAnswer({ ...drawn, seed: 3 }, '0000002a-7', 100)).toEqual(one);
    expect(planAnswer({ ...drawn, seed: 4 }, '0000002a-7', 100).atMs).not.toEqual(one.atMs);
    expect(planAnswer({ ...drawn, seed: 3 }, '0000002a-8', 100).atMs).not.toEqual(one.atMs);
    // What is drawn for one thing does not move the others.
    expect(planAnswer({ ...drawn, tokensPerChunk: 1, seed: 3 }, '0000002a-7', 100).atMs.slice(0, 9)).toEqual(one.atMs.slice(0, 9));
  });

  it('has the tokens that were asked for, in ascending times, of the distributions asked for', () => {
    const plans = Array.from({ length: 500 }, (_, i) => planAnswer(drawn, `r-${i}`, 60));
    for (const { atMs, sizes } of plans) {
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(60);
      expect(sizes.every((size) => size >= 1 && size <= 5)).toBe(true);
      expect(atMs).toHaveLength(sizes.length);
    }
    const gaps = plans.flatMap(gapsOf);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30);
    expect(percentile(gaps, 50)).toBeCloseTo(20, 0);
    const logs = plans.map(({ atMs }) => Math.log((atMs[0] as number) / 200));
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length)).toBeCloseTo(0.5, 1);
  });
});
