import { meanInterval } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { mean } from '../mean.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { saturation } from './saturation.ts';

type Points = readonly (readonly [load: number, repeats: readonly number[]])[];

/** A closed loop's points with the output throughput of each repeat. */
function sweepOf(points: Points) {
  const run = syntheticRun({ tasks: [{ points: points.map(([concurrency]) => ({ concurrency, requests: 4 })) }] });
  const rows = reportRows([run]).map((row, i): ReportRow => {
    const [, repeats] = points[i] as Points[number];
    const bounds = meanInterval(repeats);
    return {
      ...row,
      repeats: repeats.length,
      scalars: { ...row.scalars, output_throughput: mean(repeats) },
      intervals: bounds && { from: 'repeats', distributions: {}, scalars: { output_throughput: bounds } },
    };
  });
  const found = saturation(taskGroups(rows)[0] as ReturnType<typeof taskGroups>[0]);
  return found && { kind: found.kind, at: found.row.axis?.value, interval: found.interval };
}

/*
 * Expected values by numpy 2.4.6 and scipy 1.17.1, with knee() of knee.test.ts:
 *
 * def boot(x, reps, draws=20000, seed=1):
 *     r = np.random.default_rng(seed); reps = [np.asarray(v, float) for v in reps]
 *     n = np.array([len(v) for v in reps]); m = np.array([v.mean() for v in reps]); sd = np.array([v.std(ddof=1) for v in reps])
 *     df = (n - 1).sum(); cv2 = ((n - 1) * (sd / m) ** 2).sum() / df
 *     sig = np.sqrt(cv2 * df / r.chisquare(df, draws))
 *     Y = m * (1 + sig[:, None] / np.sqrt(n) * r.standard_normal((draws, len(x))))
 *     share of the draws whose knee is that of m
 */
describe('points of one load with repeats each', () => {
  const rest: Points = [
    [1, [100, 108, 93, 103, 96]],
    [2, [190, 203, 178, 195, 184]],
    [8, [395, 421, 368, 407, 384]],
    [16, [401, 374, 425, 388, 412]],
  ];
  const twice = [
    [352, 331, 374, 340, 363],
    [338, 376, 350, 345, 371],
  ] as const;

  it('are all the repeats of that load', () => {
    const found = sweepOf([...rest, ...twice.map((repeats) => [4, repeats] as const)]);
    expect(found).toEqual(sweepOf([...rest, [4, twice.flat()]]));
    // numpy: 0.678.
    expect(Math.abs((found?.interval.agreement ?? 0) - 0.678)).toBeLessThan(0.02);
  });

  it('count by how many repeats each has', () => {
    const [first, second] = twice;
    const found = sweepOf([...rest, [4, first], [4, second.slice(0, 2)]]);
    expect(found).toEqual(sweepOf([...rest, [4, [...first, ...second.slice(0, 2)]]]));
  });
});
