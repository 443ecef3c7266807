import { prng } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nonIncreasingShares } from './isotonic.ts';
import { bracketOf, nextLoad, type Outcome, type SearchRange } from './next-load.ts';

const RANGE: SearchRange = { from: 1, to: 1024, precision: 0.1, repeats: 3, maxPoints: 60, whole: true };

function search(range: SearchRange, measure: (at: number) => Omit<Outcome, 'at'>, known: readonly Outcome[] = []): Outcome[] {
  const outcomes = [...known];
  for (let at = nextLoad(range, outcomes); at !== null; at = nextLoad(range, outcomes)) outcomes.push({ at, ...measure(at) });
  return outcomes;
}

/** Down to neighbours. */
const FINE: SearchRange = { ...RANGE, precision: 0.01 };
const upTo = (limit: number) => (at: number) => ({ passes: at <= limit, saturated: false });

describe('a search', () => {
  it('doubles, halves the bracket on a log scale, and measures its edges again', () => {
    const loads = search(FINE, upTo(21)).map(({ at }) => at);
    expect(loads).toEqual([1, 2, 4, 8, 16, 32, 23, 19, 21, 22, 21, 21, 22, 22]);
  });

  it('brackets any limit as narrowly as was asked, within the bound of doublings and halvings', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 5000, noNaN: true }), fc.boolean(), (limit, whole) => {
        const range = { ...RANGE, whole };
        const outcomes = search(range, upTo(limit));
        const { passes, fails, confidence } = bracketOf(outcomes, range.repeats);
        if (passes !== null) expect(passes).toBeLessThanOrEqual(limit);
        if (fails !== null) expect(fails).toBeGreaterThan(limit);
        if (passes === null) expect(fails).toBe(whole ? 1 : 1 / 64);
        else if (fails === null) expect(passes).toBe(1024);
        else expect(fails / passes <= 1.1 || (whole && fails - passes === 1)).toBe(true);
        expect(confidence).toBeGreaterThanOrEqual(0.87);
        // 11 doublings (or 7 halvings), 3 to 4 halvings of the bracket, twice 2 repeats.
        expect(outcomes.length).toBeLessThanOrEqual(20);
        for (const { at } of outcomes) expect(at <= 1024 && (!whole || Number.isInteger(at))).toBe(true);
      }),
    );
  });

  it('goes on from any of its outcomes as if it had not been stopped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (limit, stop, seed) => {
        const noisy = () => {
          const random = prng(seed);
          return (at: number) => ({ passes: random.next() < 1 / (1 + (at / limit) ** 8), saturated: false });
        };
        const whole = search(RANGE, noisy());
        const first = whole.slice(0, Math.floor(stop * whole.length));
        const measure = noisy();
        for (const { at } of first) measure(at);
        expect(search(RANGE, measure, first)).toEqual(whole);
      }),
    );
  });

  it('ends within its bound on noise, with a bracket near the load at which half of the measurements pass', () => {
    let near = 0;
    const runs = 300;
    for (let seed = 1; seed <= runs; seed++) {
      const random = prng(seed);
      const limit = 3 + random.next() * 500;
      const outcomes = search(RANGE, (at) => ({ passes: random.next() < 1 / (1 + (at / limit) ** 12), saturated: false }));
      expect(outcomes.length).toBeLessThanOrEqual(RANGE.maxPoints);
      const { passes, fails } = bracketOf(outcomes, RANGE.repeats);
      if (passes !== null && fails !== null) {
        expect(passes).toBeLessThan(fails);
        if (passes < limit * 1.3 && fails > limit / 1.3) near++;
      }
    }
    expect(near / runs).toBeGreaterThan(0.9);
  });

  it('moves on when an edge does not stand: what fails when it is measured again is no longer passed', () => {
    const passing = search(FINE, upTo(21)).slice(0, 10);
    const outcomes = search(FINE, (at) => ({ passes: at < 20, saturated: false }), passing);
    expect(bracketOf(outcomes, 3)).toMatchObject({ passes: 19, fails: 20 });
    expect(outcomes.slice(10, 13).map(({ at }) => at)).toEqual([21, 20, 19]);
  });

  it('measures a load that is saturated once', () => {
    const outcomes = search(FINE, (at) => ({ passes: at <= 21, saturated: at > 21 }));
    expect(outcomes.filter(({ at }) => at === 22)).toHaveLength(1);
    expect(outcomes.filter(({ at }) => at === 21)).toHaveLength(3);
  });

  it('stops at its bound, with what is known by then', () => {
    const outcomes = search({ ...RANGE, maxPoints: 4 }, upTo(21));
    expect(outcomes.map(({ at }) => at)).toEqual([1, 2, 4, 8]);
    expect(bracketOf(outcomes, 3)).toEqual({ passes: 8, fails: null, confidence: 0.75 });
  });
});

describe('the confidence of a bracket', () => {
  const outcome = (at: number, passes: boolean): Outcome => ({ at, passes, saturated: false });

  // Beta(k + 1, n − k + 1) above one half by hand: 1 of 1: 1 − ½² = 3/4; 3 of 3: 1 − ½⁴ = 15/16; 2 of 3: 11/16.
  it('grows with the measurements that agree', () => {
    expect(bracketOf([], 3)).toEqual({ passes: null, fails: null, confidence: 0 });
    expect(bracketOf([outcome(4, true), outcome(8, false)], 3).confidence).toBeCloseTo(0.5, 12);
    const sure = [4, 4, 4].map((at) => outcome(at, true)).concat([8, 8, 8].map((at) => outcome(at, false)));
    expect(bracketOf(sure, 3).confidence).toBeCloseTo(1 - 2 / 16, 12);
    const split = [outcome(4, true), outcome(4, true), outcome(4, false)];
    expect(bracketOf(split, 3)).toEqual({ passes: 4, fails: null, confidence: expect.closeTo(11 / 16, 12) as number });
  });
});

it('shares of successes are pooled until none rises, and their weighted sum stays', () => {
  expect(
    nonIncreasingShares([
      { at: 1, passes: 1, trials: 1 },
      { at: 2, passes: 0, trials: 1 },
      { at: 4, passes: 2, trials: 3 },
      { at: 8, passes: 0, trials: 2 },
    ]),
  ).toEqual([1, 0.5, 0.5, 0]);
  const level = fc
    .integer({ min: 1, max: 5 })
    .chain((trials) => fc.record({ trials: fc.constant(trials), passes: fc.integer({ min: 0, max: trials }) }));
  fc.assert(
    fc.property(fc.array(level, { maxLength: 20 }), (list) => {
      const levels = list.map((each, at) => ({ at, ...each }));
      const shares = nonIncreasingShares(levels);
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
      const sum = shares.reduce((total, share, i) => total + share * (levels[i]?.trials ?? 0), 0);
      expect(sum).toBeCloseTo(
        levels.reduce((total, { passes }) => total + passes, 0),
        9,
      );
    }),
  );
});
