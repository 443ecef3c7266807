import { taskOf } from '../row-id.ts';
import type { ChartSeries, LineChart } from './line-chart.ts';

/** Colours that can be told apart. */
const COLORS = 8;

/** What the reader has chosen. */
export interface Choice {
  /** Is the task or row with this id left after filtering? */
  shows(id: string): boolean;
  /** Colour class of the group that an id is in. Null: colours stay as they are. */
  colorOf: ((id: string) => string) | null;
}

const ALL: Choice = { shows: () => true, colorOf: null };

/** The series to draw: without what is filtered out, of the first `most` tasks, each in its colour. Pure. */
export function narrowed(chart: Pick<LineChart, 'series' | 'most'>, { shows, colorOf }: Choice = ALL): ChartSeries[] {
  const left = chart.series.flatMap((series): ChartSeries[] => {
    if (series.of !== undefined && !shows(series.of)) return [];
    const points = series.points.filter(({ of }) => of === undefined || shows(of));
    return points.length === 0 ? [] : [{ ...series, points }];
  });
  const tasks = [...new Set(left.flatMap(({ of }) => (of === undefined ? [] : [taskOf(of)])))];
  const drawn = new Set(chart.most === undefined ? tasks : tasks.slice(0, chart.most));
  // More tasks than colours: colours follow what is drawn, not the task.
  const moving =
    chart.most !== undefined && new Set(chart.series.flatMap(({ of }) => (of === undefined ? [] : [taskOf(of)]))).size > COLORS;
  return left.flatMap((series) => {
    const { of, color } = series;
    if (of === undefined) return [series];
    const task = taskOf(of);
    if (!drawn.has(task)) return [];
    // Ranks are an order of their own.
    if (!color.startsWith('c')) return [series];
    if (colorOf) return [{ ...series, color: colorOf(of) }];
    return [moving ? { ...series, color: `c${[...drawn].indexOf(task) % COLORS}` } : series];
  });
}
