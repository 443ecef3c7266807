import { describe, expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { buildReport } from '../report.ts';
import { syntheticRun, type TaskPlan } from '../testing/synthetic-run.ts';
import { paretoBlocks, paretoCharts } from './pareto-charts.ts';
import { frontOf } from './setups.ts';

const gpu = { name: 'NVIDIA H200', count: 2 };

/** Variants of these engines with [output tok/s, TTFT, TPOT] a load. */
function groupsOf(given: readonly { engine: string; variant: string; count?: number; points: readonly [number, number, number][] }[]) {
  const tasks = given.map(({ engine, variant, count, points }): TaskPlan => ({
    variant,
    engine: { name: engine, version: '1', model: 'm' },
    gpu: { ...gpu, count: count ?? gpu.count },
    points: points.map((_, i) => ({ concurrency: 2 ** i, requests: 4 })),
  }));
  const { rows } = buildReport({ runs: [syntheticRun({ tasks })] });
  const figures = given.flatMap(({ points }) => points);
  return taskGroups(
    rows.map((row, i) => {
      const [tokens, ttft, tpot] = figures[i] as [number, number, number];
      const of = (p99: number) => ({ p50: p99, p99 });
      return {
        ...row,
        slo: { ttftMs: 30, tpotMs: 20 },
        scalars: { output_throughput: tokens },
        distributions: { ttft_ms: of(ttft), tpot_ms: of(tpot) },
      };
    }),
  );
}

const TWO = groupsOf([
  { engine: 'vllm', variant: 'a', points: [[100, 10, 5], [200, 20, 10]] }, // oxfmt-ignore
  { engine: 'vllm', variant: 'b', points: [[150, 25, 6], [300, 40, 12]] }, // oxfmt-ignore
  { engine: 'sglang', variant: 'c', points: [[120, 9, 4], [180, 50, 20]] }, // oxfmt-ignore
]);

describe('what can be had together', () => {
  it('is drawn by machine and engine, not by variant: throughput per GPU against latency, the front, the SLO', () => {
    const charts = paretoCharts(TWO);
    expect(charts.map(({ id, title }) => [id, title])).toEqual([
      ['pareto-0-throughput-latency', 'Throughput per GPU against time to first token'],
      ['pareto-0-throughput-speed', 'Throughput per GPU against speed for each user'],
    ]);
    expect(charts[0]?.legend.map(({ name }) => name)).toEqual(['vllm 1', 'sglang 1']);
    expect(charts[0]?.subtitle).toBe('right and down is better');
    const svg = charts[0]?.svg.text ?? '';
    expect(svg).toContain('<title>b, 2 concurrent: 150 tok/s per GPU, TTFT p99 40 ms</title>');
    expect(svg).toMatch(/<text class="limit"[^>]*>SLO</);
    // Of vLLM b at one request is beaten by a at two; of SGLang its second by its first in latency only, so both stay.
    expect(svg.match(/class="dot faint c0"/g)).toHaveLength(1);
    expect(svg.match(/class="line front wide"/g)).toHaveLength(1);
  });

  it('has the points as the common front that no other beats in both', () => {
    const [block] = paretoBlocks(TWO).blocks;
    if (!block) throw new Error('there is a block');
    const names = frontOf(block.setups, block.trades[0]).map(({ contender, x, y }) => [contender.name, x, y]);
    expect(names).toEqual([
      ['c', 60, 9],
      ['a', 100, 20],
      ['b', 150, 40],
    ]);
  });

  it('leaves out setups past twelve that have no point of the front, those that give least', () => {
    const many = groupsOf(
      Array.from({ length: 15 }, (_, i) => ({
        engine: `engine${i}`,
        variant: `v${i}`,
        // The slowest of all answers first, and so is on the front.
        points: [[100 + i, i === 0 ? 1 : 50 - i, 5]] as [number, number, number][],
      })),
    );
    const [chart] = paretoCharts(many);
    expect(chart?.legend.map(({ name }) => name).sort()).toEqual(
      ['engine0 1', ...Array.from({ length: 11 }, (_, i) => `engine${i + 4} 1`)].sort(),
    );
    expect(chart?.legend.filter(({ color }) => color.endsWith(' dashed'))).toHaveLength(4);
  });

  it('is nothing where there is nothing to choose among, nor across models', () => {
    expect(paretoCharts(TWO.slice(0, 1))).toEqual([]);
    expect(paretoCharts([])).toEqual([]);
  });
});
