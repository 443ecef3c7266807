import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { syntheticRun, type TaskPlan } from '../testing/synthetic-run.ts';
import { compareReports } from './compare-reports.ts';

const side = (id: string, plans: TaskPlan[], key?: (index: number) => string) => {
  const view = syntheticRun({
    id,
    tasks: plans.map((task) => ({ ...task, points: task.points.map((point) => ({ requests: 2, ...point })) })),
  });
  const keyOf = (i: number) => key?.(i) ?? `${id}-${i}`;
  const run = { ...view.run, tasks: view.run.tasks.map((planned, i) => ({ ...planned, key: keyOf(i) })) };
  return buildReport({
    runs: [{ ...view, run, tasks: view.tasks.map((task, i) => ({ ...task, file: { ...task.file, key: keyOf(i) } })) }],
  });
};
const loads = (...concurrency: number[]) => concurrency.map((each) => ({ concurrency: each }));
const matched = (...sides: Parameters<typeof compareReports>) =>
  compareReports(...sides).pairs.map(({ name, matchedBy }) => `${name}: ${matchedBy}`);

describe('points are the same', () => {
  it('by their task key, whatever they are called', () => {
    const same = (i: number) => `k${i}`;
    const base = side('rbase', [{ recipe: 'old', variant: 'a', points: loads(1, 8) }], same);
    expect(matched(base, side('rcand', [{ recipe: 'new', variant: 'b', points: loads(8, 1) }], same))).toEqual([
      'new / b, 1 concurrent: task key',
      'new / b, 8 concurrent: task key',
    ]);
  });

  it('else by recipe, variant and load', () => {
    const tasks = [
      { recipe: 'r', variant: 'tp1', points: loads(1) },
      { recipe: 'r', variant: 'tp2', points: loads(1) },
    ];
    expect(matched(side('rbase', tasks), side('rcand', tasks.toReversed()))).toEqual([
      'tp1, 1 concurrent: recipe, variant and load',
      'tp2, 1 concurrent: recipe, variant and load',
    ]);
  });

  it('else by the parameters that both sides share', () => {
    const of = (gpu: string) => [1, 2].map((tp) => ({ recipe: 'r', variant: `${gpu}-tp${tp}`, params: { gpu, tp }, points: loads(4) }));
    expect(matched(side('rbase', of('h100')), side('rcand', of('h200').toReversed()))).toEqual([
      'h200-tp1, 4 concurrent: recipe and load; gpu differs',
      'h200-tp2, 4 concurrent: recipe and load; gpu differs',
    ]);
  });

  it('else by variant, else by load alone; of several that are alike none is chosen', () => {
    const one = (recipe: string, variant: string, ...of: number[]) => ({ recipe, variant, points: loads(...of) });
    expect(matched(side('rb', [one('vllm', 'tp8', 4)]), side('rc', [one('sglang', 'tp8', 4)]))).toEqual([
      'sglang / tp8, 4 concurrent: variant and load; the recipes differ',
    ]);
    expect(matched(side('rb', [one('x', 'a', 4)]), side('rc', [one('y', 'b', 4)]))).toEqual(['y / b, 4 concurrent: load alone']);
    const { pairs, onlyBase } = compareReports(
      side('rb', [one('x', 'a', 4), one('x', 'b', 2)]),
      side('rc', [one('y', 'c', 4), one('z', 'd', 4), one('z', 'd2', 2)]),
    );
    expect(pairs.map(({ name }) => name)).toEqual(['z / d2, 2 concurrent']);
    expect(onlyBase).toEqual([{ name: 'x / a, 4 concurrent', why: 'several there are as alike, so none was chosen', failed: false }]);
  });
});

describe('a sweep over prompts at one load', () => {
  const prompts = (...lengths: number[]) =>
    lengths.map((tokens) => ({
      load: {
        api: 'completions' as const,
        arrival: { kind: 'closed' as const },
        maxConcurrency: 8,
        data: { kind: 'random' as const, inputTokens: { min: tokens, max: tokens }, outputTokens: { min: 8, max: 8 } },
      },
    }));
  const base = side('rbase', [{ points: prompts(128, 8000) }]);

  it.each([
    ['of the same recipe', (i: number) => `rbase-${i}`],
    ['of a recipe that changed', undefined],
  ])('%s is never paired with other prompts', (_, key) => {
    const [, second] = prompts(128, 8000);
    const { pairs, onlyBase } = compareReports(base, side('rcand', [{ points: [{ error: 'HTTP 500' }, second ?? {}] }], key));
    expect(pairs).toHaveLength(1);
    expect(onlyBase).toEqual([{ name: 'tiny-cpu, 8 concurrent', why: 'failed there: HTTP 500', failed: true }]);
    const half = side('rb', [{ points: [...prompts(128), { error: 'HTTP 500' }] }]);
    expect(() => compareReports(half, side('rcand', [{ points: [{ error: 'HTTP 500' }, second ?? {}] }], key))).toThrow(
      'no point of the base',
    );
  });

  it('is paired, prompts by prompts, and pooled alike', () => {
    const { pairs } = compareReports(base, side('rcand', [{ points: prompts(8000, 128) }]));
    expect(pairs).toHaveLength(2);
    expect(
      compareReports(base, side('rcand', [{ points: prompts(8000, 128) }])).differences.filter(({ name }) => name === 'Prompts'),
    ).toEqual([]);
  });
});

describe('points without a partner', () => {
  it('are not taken for others when they failed there', () => {
    const of = (gpu: string) => ({ recipe: 'r', variant: gpu, params: { gpu } });
    const base = side('rbase', [{ ...of('h100'), points: loads(4) }]);
    const candidate = side('rcand', [
      { ...of('h100'), points: [], error: 'CUDA out of memory' },
      { ...of('h200'), points: loads(4) },
    ]);
    expect(() => compareReports(base, candidate)).toThrow('no point of the base is like one');
  });

  it('are told with the reason', () => {
    const base = side('rbase', [{ points: loads(1, 2, 4) }, { variant: 'b', points: loads(1) }, { variant: 'c', points: loads(16) }]);
    const candidate = side('rcand', [
      { points: [{ concurrency: 1 }, { concurrency: 2, error: 'HTTP 500' }] },
      { variant: 'b', points: [], error: 'CUDA out of memory' },
    ]);
    const { onlyBase, onlyCandidate, pairs } = compareReports(base, candidate);
    expect(pairs).toHaveLength(1);
    expect(onlyBase).toEqual([
      { name: 'tiny-cpu, 2 concurrent', why: 'failed there: HTTP 500', failed: true },
      { name: 'tiny-cpu, 4 concurrent', why: 'this load was not measured there', failed: false },
      { name: 'tiny-cpu / b, 1 concurrent', why: 'failed there: CUDA out of memory', failed: true },
      { name: 'tiny-cpu / c, 16 concurrent', why: 'nothing there is like it', failed: false },
    ]);
    expect(onlyCandidate).toEqual([]);
  });

  it('are an error where there is no other', () => {
    const some = side('rbase', [{ points: loads(1) }]);
    expect(() => compareReports(some, side('rcand', [{ recipe: 'x', variant: 'y', points: loads(2) }]))).toThrow(
      'no point of the base is like one of the candidate',
    );
    expect(() => compareReports(side('rbase', [{ points: [], error: 'no' }]), some)).toThrow('nothing was measured in the base');
  });
});
