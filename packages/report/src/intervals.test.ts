import { meanInterval } from '@bench/core';
import { expect, it } from 'vitest';
import { rowIntervals } from './intervals.ts';
import { syntheticRun } from './testing/synthetic-run.ts';

const resultsOf = (point: { requests: number; repeats?: number }) =>
  syntheticRun({ tasks: [{ points: [{ concurrency: 2, ...point }] }] }).tasks[0]?.points.flatMap(({ result }) => result ?? []) ?? [];

it('are those over requests where a point was measured once', () => {
  const results = resultsOf({ requests: 200 });
  expect(rowIntervals(results)).toEqual({ from: 'requests', distributions: results[0]?.intervals, scalars: {} });
  for (const result of results) delete result.intervals;
  expect(rowIntervals(results)).toBeNull();
  expect(rowIntervals([])).toBeNull();
});

it('are Student’s over repeats, of figures that every repeat has', () => {
  const [first, second, third] = resultsOf({ requests: 20, repeats: 3 });
  if (!first || !second || !third) throw new Error('there are three');
  const found = rowIntervals([first, second, third]);
  const bounds = (values: number[]) => {
    const interval = meanInterval(values);
    return { low: interval?.low, high: interval?.high };
  };
  expect(found?.from).toBe('repeats');
  expect(found?.scalars['output_throughput']).toEqual(bounds([first, second, third].map((r) => r.scalars['output_throughput'] as number)));
  expect(found?.distributions['ttft_ms']?.p99).toEqual(
    bounds([first, second, third].map((r) => r.distributions['ttft_ms']?.p99 as number)),
  );
  const without = { ...third, scalars: {}, distributions: {} };
  expect(rowIntervals([first, second, without])).toEqual({ from: 'repeats', distributions: {}, scalars: {} });
});
