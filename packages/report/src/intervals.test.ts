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

it('have no bounds where a figure cannot lie', () => {
  const [first, second] = resultsOf({ requests: 20, repeats: 2 });
  if (!first || !second) throw new Error('there are two');
  const of = (result: typeof first, good: number, chunk: number, ttft: number) => ({
    ...result,
    scalars: { good_ratio: good, tokens_per_chunk: chunk },
    distributions: { ttft_ms: { ...(result.distributions['ttft_ms'] as NonNullable<(typeof first.distributions)['ttft_ms']>), p99: ttft } },
  });
  const found = rowIntervals([of(first, 1, 1, 20), of(second, 0.8, 1.5, 130)]);
  const wide = meanInterval([1, 1.5]);
  // By Student's t alone they would reach from -0.37 to 2.17, and from -624 ms on.
  expect(found?.scalars['good_ratio']).toEqual({ low: 0, high: 1 });
  expect(found?.distributions['ttft_ms']?.p99?.low).toBe(0);
  expect(found?.scalars['tokens_per_chunk']).toEqual({ low: 0, high: wide?.high });
});
