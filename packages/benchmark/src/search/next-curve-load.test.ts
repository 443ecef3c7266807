import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CurveOutcome, nextCurveLoad } from './next-curve-load.ts';

function curve(range: { to: number; repeats: number }, throughputOf: (at: number) => number): CurveOutcome[] {
  const outcomes: CurveOutcome[] = [];
  for (let at = nextCurveLoad(range, outcomes); at !== null; at = nextCurveLoad(range, outcomes))
    outcomes.push({ at, throughput: throughputOf(at) });
  return outcomes;
}

const slots = (n: number) => (at: number) => Math.min(at, n) * 10;

it('doubles from 1 until two doublings bring nothing, and looks at both sides of the knee', () => {
  expect(curve({ to: 1024, repeats: 1 }, slots(8)).map(({ at }) => at)).toEqual([1, 2, 4, 8, 16, 32, 6, 11]);
});

it('goes to its end where throughput still grows', () => {
  expect(curve({ to: 48, repeats: 1 }, slots(1000)).map(({ at }) => at)).toEqual([1, 2, 4, 8, 16, 32, 48, 39]);
  expect(curve({ to: 1, repeats: 2 }, slots(4)).map(({ at }) => at)).toEqual([1, 1]);
});

it('measures each load as often as was asked before the next', () => {
  expect(curve({ to: 16, repeats: 2 }, slots(2)).map(({ at }) => at)).toEqual([1, 1, 2, 2, 4, 4, 8, 8, 3, 3]);
});

it('ends within its bound for any server, and never measures a load beyond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 20 }),
      fc.integer({ min: 1, max: 5000 }),
      (values, to) => {
        const range = { to, repeats: 2 };
        const seen = curve(range, (at) => values[at % values.length] as number);
        // What a recipe says of the number of its points.
        expect(seen.length).toBeLessThanOrEqual((Math.ceil(Math.log2(to)) + 1 + 2) * 2);
        for (const { at } of seen) expect(Number.isInteger(at) && at >= 1 && at <= to).toBe(true);
      },
    ),
  );
});
