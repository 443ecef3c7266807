import { describe, expect, it } from 'vitest';
import { loadPoints, parseRecipe } from './index.ts';

const loads = (benchmark: string) =>
  parseRecipe(`model: {random: tiny}\nbenchmark: {${benchmark}}\n`, { file: '/r/recipe.yaml' }).tasks.flatMap((task) =>
    loadPoints(task).map((point) => point.load),
  );

describe('the load of a point', () => {
  it.each([
    '',
    'num_prompts: 3',
    'duration: 5s',
    'request_rate: 2',
    'dataset: {type: jsonl, path: x.jsonl}',
    'slo: {ttft_ms: 5}',
    'slo: {}',
    'sweep: {max_concurrency: [1, 2]}',
  ])('has no key without a value: %s', (benchmark) => {
    const found = loads(benchmark);
    expect(found.length).toBeGreaterThan(0);
    for (const load of found) expect(load).toStrictEqual(JSON.parse(JSON.stringify(load)));
  });

  it('has the limits of goodput that the recipe gives, and no others', () => {
    expect(Object.keys(loads('')[0]?.slo ?? { missing: 1 })).toEqual([]);
    expect(loads('slo: {ttft_ms: 5, e2el_ms: 9}')[0]?.slo).toStrictEqual({ ttftMs: 5, e2elMs: 9 });
  });
});
