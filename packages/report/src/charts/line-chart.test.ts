import { describe, expect, it } from 'vitest';
import { lineChart } from './line-chart.ts';
import { linearScale, logScale } from './scale.ts';

const draw = (points: readonly { x: number; y: number; label?: string }[]) =>
  lineChart({
    id: 'c',
    title: 't',
    description: 'd',
    x: logScale(1, 100),
    y: linearScale(1),
    xLabel: 'ms',
    yLabel: 'share',
    series: [{ color: 'c0', points, marker: 'full' }],
  }).text.replace(/ data-chart='[^']*'/, '');

describe('a curve on a logarithmic axis', () => {
  it('leaves out what the axis has no place for: gaps of 0 ms, values below its end, what is no number', () => {
    const drawn = draw([
      { x: 0, y: 0, label: 'nowhere' },
      { x: 0.01, y: 0.1, label: 'below' },
      { x: 5, y: 0.5, label: 'here' },
      { x: 10, y: Number.NaN, label: 'no number' },
      { x: 50, y: 1, label: 'there' },
    ]);
    expect(drawn.match(/<circle/g)).toHaveLength(2);
    expect(drawn).toContain('here');
    expect(drawn).not.toMatch(/nowhere|below|no number|NaN|Infinity/);
  });
});
