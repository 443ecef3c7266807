import type { ChartSeries } from './line-chart.ts';

/** The points that no other is at least as good as in both directions and better in one, from left to right. Equal points stay together. */
export function nonDominated<P extends { x: number; y: number }>(points: readonly P[], better: NonNullable<ChartSeries['frontier']>): P[] {
  const sign = (way: 'higher' | 'lower') => (way === 'higher' ? -1 : 1);
  // From the best x on: a point is beaten when one before it has a y that is as good.
  const sorted = [...points].sort((a, b) => sign(better.x) * (a.x - b.x) || sign(better.y) * (a.y - b.y));
  const kept: P[] = [];
  for (const point of sorted) {
    const last = kept[kept.length - 1];
    if (!last || sign(better.y) * (point.y - last.y) < 0 || (point.x === last.x && point.y === last.y)) kept.push(point);
  }
  return kept.sort((a, b) => a.x - b.x);
}
