import { describe, expect, it } from 'vitest';
import type { RunView } from '@bench/results';
import { buildReport } from '../report.ts';
import { ownRun, syntheticRun, type TaskPlan } from '../testing/synthetic-run.ts';
import { buildHistory } from './build-history.ts';
import { historyMarkdown } from './history-markdown.ts';
import { renderHistory } from './render-history.ts';
import { sparkline } from './sparkline.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 1);

interface Plan extends Partial<TaskPlan> {
  /** Output tokens per second, of each load. */
  tokens: Record<number, number>;
  tags?: string[];
  key?: string;
}

/** A run of the day, whose points came to exactly this. */
function runOf(day: number, { tokens, tags = [], key, ...task }: Plan): RunView {
  const loads = Object.entries(tokens);
  const view = syntheticRun({
    id: `rday${String(day).padStart(6, '0')}`,
    tasks: [{ ...task, points: loads.map(([concurrency]) => ({ concurrency: Number(concurrency), requests: 8 })) }],
  });
  const [first] = view.tasks;
  if (!first) throw new Error('it has a task');
  const points = first.points.map((point, i) => {
    const result = point.result && {
      ...point.result,
      startedAt: new Date(START + day * DAY).toISOString(),
      scalars: { ...point.result.scalars, output_throughput: loads[i]?.[1] ?? 0 },
    };
    return { ...point, result };
  });
  const file = key === undefined ? first.file : { ...first.file, key };
  const run = { ...view.run, tasks: view.run.tasks.map((planned) => ({ ...planned, key: file.key })) };
  return { ...view, run, notes: { tags, remarks: [] }, tasks: [{ ...first, file, points }] };
}

const TEN = [212, 208, 215, 210, 209, 213, 188, 191, 187, 190];
const vllm = (version: string) => ({ name: 'vllm', version, model: 'Qwen/Qwen3-8B' });
const recipe = (seqs: number) => `engine:\n  llm:\n    max_num_seqs: ${seqs}\n`;
const upgraded = () =>
  TEN.map((value, day) =>
    runOf(day, {
      tokens: { 8: value },
      engine: vllm(day < 6 ? '0.11.0' : '0.12.0'),
      recipeText: recipe(day < 6 ? 256 : 128),
      key: day < 6 ? 'old' : 'new',
      ...(day === 5 ? { tags: ['release/1.2'] } : {}),
    }),
  );

const historyOf = (runs: readonly RunView[], options: Parameters<typeof buildHistory>[1] = {}) =>
  buildHistory(buildReport({ runs }), options);
const WIDE = { width: 160, color: false, unicode: true };

describe('the history of a recipe', () => {
  it('is one series across an upgrade of the engine, with what differs and where its level changed', () => {
    // In any order of reading.
    const { series, without } = historyOf(upgraded().reverse());
    expect(without).toEqual([]);
    expect(series).toHaveLength(1);
    const [one] = series;
    expect(one).toMatchObject({
      recipe: 'tiny-cpu',
      variant: 'default',
      load: '8 concurrent',
      figure: { name: 'output_throughput', better: 'higher' },
    });
    expect(one?.entries.map(({ value }) => value)).toEqual(TEN);
    expect(one?.entries.map(({ differs }) => differs.length)).toEqual([0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
    expect(one?.entries[6]?.differs).toEqual([
      { kind: 'setting', name: 'engine.llm.max_num_seqs', base: '256', candidate: '128' },
      { kind: 'environment', name: 'Engine', base: 'vllm 0.11.0', candidate: 'vllm 0.12.0' },
    ]);
    expect(one?.changes).toMatchObject([{ entry: 6, runId: 'rday000006', verdict: 'worse', unconfirmed: false }]);
    expect(one?.changes[0]?.change).toBeCloseTo(189 / 211.16 - 1, 3);
  });

  it('keeps runs apart that do not compare: another load, other prompts, another machine, and with `exact` another recipe', () => {
    const gpu = { name: 'NVIDIA H200', count: 8 };
    const runs = [
      runOf(0, { tokens: { 1: 100, 8: 200 } }),
      runOf(1, { tokens: { 8: 201 } }),
      runOf(2, { tokens: { 8: 900 }, gpu }),
      runOf(3, { tokens: { 8: 202 }, key: 'other' }),
    ];
    const shape = (options = {}) => historyOf(runs, options).series.map(({ machine, load, entries }) => [machine, load, entries.length]);
    expect(shape()).toEqual([
      ['8xH200', '8 concurrent', 1],
      ['AMD EPYC 7B13, 8 threads', '1 concurrent', 1],
      ['AMD EPYC 7B13, 8 threads', '8 concurrent', 3],
    ]);
    expect(shape({ exact: true })).toHaveLength(4);
    expect(shape({ load: (_: string | null, value: number | null) => value === 1 })).toEqual([
      ['AMD EPYC 7B13, 8 threads', '1 concurrent', 1],
    ]);
  });

  it('follows the figures that are asked for, with their intervals, and names runs that do not have them', () => {
    const failed = syntheticRun({ id: 'rfailed001', tasks: [{ points: [], error: 'out of memory' }] });
    const { series, without } = historyOf([...upgraded(), failed], { figures: ['ttft_p50', 'error_ratio'] });
    expect(series.map(({ figure }) => figure.name)).toEqual(['ttft_p50_ms', 'error_ratio']);
    const [entry] = series[0]?.entries ?? [];
    const [point] = upgraded()[0]?.tasks[0]?.points ?? [];
    expect(entry?.value).toBe(point?.result?.distributions.ttft_ms?.p50);
    expect(entry?.interval).toEqual(point?.result?.intervals?.ttft_ms?.p50 ?? null);
    expect(without).toEqual([{ runId: 'rfailed001', why: 'out of memory' }]);
    expect(() => historyOf(upgraded(), { figures: ['ttft_p9'] })).toThrow(
      expect.objectContaining({ code: 'BENCH_FIGURE_UNKNOWN', exitCode: 2 }),
    );
  });

  it('follows a recipe’s own figures', () => {
    const own = historyOf([ownRun()], { recipe: (name) => name === 'redis-stress' });
    expect(own.series.map(({ variant, load, figure }) => [variant, load, figure.name, figure.unit])).toEqual([
      ['it-1', null, 'redis-benchmark.set_rps', 'req/s'],
      ['it-4', null, 'request_throughput', 'req/s'],
    ]);
  });
});

describe('as text', () => {
  it('is a line a run, with what changed and what differs below it', () => {
    const text = renderHistory(historyOf(upgraded()), WIDE);
    expect(text).toContain('tiny-cpu, 8 concurrent\n');
    expect(text).toContain('Output tokens, tok/s; higher is better');
    expect(text).toMatch(/\n▇▆█▇▇█▁▂▁▂ {2}oldest to newest\n/);
    expect(text).toMatch(/2026-05-06 00:00 +rday000005 +vllm 0\.11\.0 +release\/1\.2 +213/);
    expect(text).toMatch(
      /2026-05-07 00:00 +rday000006 .* 188 .* ▼ -10\.5 % \(-1\d\.\d to -\d\.\d %\), worse\n {4}engine\.llm\.max_num_seqs: 256 → 128\n {4}Engine: vllm 0\.11\.0 → vllm 0\.12\.0\n/,
    );
    expect(text).toContain('one in twenty series without a change has a mark');
  });

  it.each([40, 60, 80, 100])('fits into %i columns, and keeps run, figure and change', (width) => {
    const lines = renderHistory(historyOf(upgraded()), { width, color: false, unicode: false }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.join('\n')).toMatch(/rday000006 .*188/);
    expect(lines.join('')).toMatch(/^[\x20-\x7E]*$/);
  });

  it('is a line a series where there are many, unless all is asked for', () => {
    const tokens = (scale: number) => Object.fromEntries([1, 2, 4, 8, 16].map((load) => [load, load * scale]));
    const runs = TEN.map((value, day) => runOf(day, { tokens: tokens(value) }));
    const short = renderHistory(historyOf(runs), WIDE);
    expect(short.split('\n').filter((line) => line.includes('concurrent'))).toHaveLength(5);
    expect(short).toMatch(/tiny-cpu, 16 concurrent +10 +3,040 +▇▆█▇▇█▁▂▁▂ +2026-05-07 ▼ -10\.5 %/);
    expect(renderHistory(historyOf(runs), { ...WIDE, all: true }).match(/rday000006/g)).toHaveLength(5);
  });

  it('says when there are too few runs to look for changes', () => {
    const text = renderHistory(historyOf(upgraded().slice(0, 2)), WIDE);
    expect(text).toContain('Changes are looked for from 3 runs on; tiny-cpu, 8 concurrent has fewer.');
  });

  it('shows names that are more than text as text', () => {
    const evil = '\u001B[31m<script>|`x`\u202E';
    const runs = [
      runOf(0, { tokens: { 8: 1 }, recipe: evil, tags: [evil], engine: vllm(evil) }),
      runOf(1, { tokens: { 8: 1 }, recipe: evil }),
    ];
    expect(renderHistory(historyOf(runs), WIDE)).not.toMatch(/[\u001B\u202E]/);
    const markdown = historyMarkdown(historyOf(runs));
    expect(markdown).not.toMatch(/[\u001B\u202E]|<script|[^\\]\|`/);
  });
});

it('is a table a series in Markdown', () => {
  const text = historyMarkdown(historyOf(upgraded()));
  expect(text).toContain('### tiny-cpu, 8 concurrent\n');
  expect(text).toContain('▇▆█▇▇█▁▂▁▂');
  expect(text.split('\n').filter((line) => line.startsWith('| 2026-'))).toHaveLength(10);
  expect(text).toMatch(
    /\| 2026-05-07 00:00 \| rday000006 \| vllm 0\.12\.0 \| 188 \|.*🔴 -10\.5 % .*worse<br>engine\.llm\.max&#95;num&#95;seqs: 256 → 128<br>/,
  );
});

it('a sparkline goes from the least to the largest', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([5, 5])).toBe('▁▁');
  expect(sparkline([1, 100, 1, 2], 2)).toBe('▁█');
});
