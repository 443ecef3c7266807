import { describe, expect, it } from 'vitest';
import { packLines, unpackLines } from './chart-data.ts';
import { drawLines } from './draw-lines.ts';
import type { ChartSeries, LineChart } from './line-chart.ts';
import { narrowed } from './narrowed.ts';
import { linearScale } from './scale.ts';

const point = (x: number, y: number, of: string) => ({ x, y, of, title: `${of} at ${x}` });
const series = (task: number): ChartSeries => ({
  color: `c${task % 8}`,
  name: `task ${task}`,
  of: String(task),
  marker: 'full',
  points: [point(task, 1, `${task}.0`), point(task + 1, 2, `${task}.1`)],
});
const chart = (parts: Partial<LineChart>): LineChart => ({
  id: 'c',
  title: 't',
  description: 'd',
  x: linearScale(20),
  y: linearScale(20),
  xLabel: 'x',
  yLabel: 'y',
  series: [],
  ...parts,
});

describe('what a chart draws', () => {
  it('is what is left after filtering: tasks, and rows of them', () => {
    const all = chart({ series: [series(0), series(1), series(2)] });
    const shows = (id: string) => ['0', '0.0', '0.1', '2', '2.1'].includes(id);
    const left = narrowed(all, { shows, colorOf: null });
    expect(left.map(({ of, points }) => [of, points.length])).toEqual([
      ['0', 2],
      ['2', 1],
    ]);
    expect(narrowed(all, { shows, colorOf: (id) => `c${Number(id) + 5}` }).map(({ color }) => color)).toEqual(['c5', 'c7']);
  });

  it('is the first of many tasks, in colours that tell them apart', () => {
    const all = chart({ most: 3, series: Array.from({ length: 20 }, (_, i) => series(i)) });
    expect(narrowed(all).map(({ of }) => of)).toEqual(['0', '1', '2']);
    const late = narrowed(all, { shows: (id) => Number.parseInt(id, 10) > 7, colorOf: null });
    expect(late.map(({ of, color }) => [of, color])).toEqual([
      ['8', 'c0'],
      ['9', 'c1'],
      ['10', 'c2'],
    ]);
  });

  it('is the same after it travelled with the page', () => {
    const all = chart({
      limits: [{ axis: 'y', value: 12, label: 'SLO' }],
      series: [series(3), { ...series(4), frontier: { x: 'higher', y: 'lower' }, points: [{ ...point(3, 4, '4.0'), ring: 'knee' }] }],
    });
    const back = unpackLines(JSON.parse(JSON.stringify(packLines(all))) as ReturnType<typeof packLines>);
    expect(drawLines(back).text).toBe(drawLines(all).text);
    expect(drawLines(all).text).toMatch(/class="limit".*knee/s);
  });

  it('is a front that follows the filter: joined from left to right, the rest pale', () => {
    const front: ChartSeries = {
      color: 'c0',
      marker: 'full',
      frontier: { x: 'higher', y: 'lower' },
      points: [point(10, 2, '0.0'), point(5, 1, '1.0'), point(4, 1, '2.0'), point(8, 5, '3.0')],
    };
    const drawn = (shown: readonly ChartSeries[]) => drawLines(chart({ series: shown })).text;
    expect(drawn([front]).match(/class="dot c0 full"/g)).toHaveLength(2);
    expect(drawn([front]).match(/class="dot faint c0"/g)).toHaveLength(2);
    const without = narrowed({ series: [front] }, { shows: (id) => id !== '0.0', colorOf: null });
    expect(drawn(without).match(/class="dot c0 full"/g)).toHaveLength(2);
    expect(drawn(without).match(/class="dot faint c0"/g)).toHaveLength(1);
  });
});
