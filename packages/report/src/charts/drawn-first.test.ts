import { expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { reportRows } from '../rows.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { drawnFirst } from './drawn-first.ts';

/** Tasks of two loads each, named by what they ran on; of a quick one a token takes 1 ms. */
function tasks(names: readonly string[], quick: string) {
  const run = syntheticRun({
    tasks: names.map((variant) => ({
      variant,
      gpu: { name: variant.replace(/-.*/, ''), count: 1 },
      points: [1, 2].map((concurrency) => ({ concurrency, requests: 8 })),
      speed: { tpotMs: variant === quick ? 1 : 10, slope: 0.1, ttftMs: variant === quick ? 5 : 50 },
    })),
  });
  const groups = taskGroups(reportRows([run]));
  const order = (most: number) => drawnFirst(groups, { curves: groups, most }).map(({ name }) => name);
  return { order, names: groups.map(({ name }) => name) };
}

it('draws what is best and one of each machine before others, and leaves the order as it was given', () => {
  const { order, names } = tasks(['H100-a', 'H100-b', 'H100-c', 'H200-a', 'B200-a', 'B200-b'], 'B200-b');
  const [h100a, h100b, h100c, h200a, b200a, b200b] = names;
  expect(order(3)).toEqual([h100a, h200a, b200b, h100b, h100c, b200a]);
  expect(order(4)).toEqual([h100a, h100b, h200a, b200b, h100c, b200a]);
  expect(order(1)).toEqual([b200b, h100a, h100b, h100c, h200a, b200a]);
});

it('changes nothing where all are drawn', () => {
  const { order, names } = tasks(['H100-a', 'H200-a'], 'H200-a');
  expect(order(2)).toEqual(names);
});
