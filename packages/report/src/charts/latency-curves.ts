import { formatMs, formatShort } from '../format.ts';
import { taskId, type TaskGroup } from '../groups.ts';
import { mainThroughput } from '../headline.ts';
import { saturation } from '../saturation/saturation.ts';
import { pointLabel } from '../labels.ts';
import { taskOf } from '../row-id.ts';
import { contenders } from '../verdicts/contenders.ts';
import { mainLimits } from '../verdicts/questions.ts';
import type { DrawnChart } from './drawn-chart.ts';
import { drawnFirst } from './drawn-first.ts';
import { lineChart, type ChartSeries } from './line-chart.ts';
import { linearScale, scaleFor } from './scale.ts';

/** Curves of one chart; of more, some are drawn, until the reader filters. */
const MAX_CURVES = 8;

const LATENCIES = [
  ['ttft_ms', 'TTFT', 'Time to first token', 'ttftMs'],
  ['tpot_ms', 'TPOT', 'Time per output token', 'tpotMs'],
  ['e2el_ms', 'E2EL', 'End-to-end latency', 'e2elMs'],
] as const;

/** What a curve is drawn of: a task, or a sweep of tasks of one load each. What a recipe measured itself is one point, not a curve. */
export function curveGroups(groups: readonly TaskGroup[]): TaskGroup[] {
  return contenders(groups).filter((group) => group.measured.some((row) => row.loadText !== null));
}

/** Those for which the charts have no room, as long as nothing is filtered. */
export function undrawnCurves(groups: readonly TaskGroup[]): TaskGroup[] {
  return drawnFirst(groups, { curves: curveGroups(groups), most: MAX_CURVES }).slice(MAX_CURVES);
}

/** Latency over throughput, p50 and p99: a chart a latency, a curve a task. Empty when no two points have both. */
export function latencyCurves(groups: readonly TaskGroup[]): DrawnChart[] {
  const rows = groups.flatMap((group) => group.measured).filter((row) => row.loadText !== null);
  const throughput = mainThroughput(rows);
  if (!throughput || rows.length < 2) return [];
  const all = drawnFirst(groups, { curves: curveGroups(groups), most: MAX_CURVES });
  const drawn = all.slice(0, MAX_CURVES);
  const knees = new Map(all.map((group) => [group, saturation(group)]));
  const marked = drawn.some((group) => knees.get(group)?.kind === 'reached');
  // Curves of several tasks cannot be left out one by one.
  const joined = drawn.some((group) => ofTask(group).of === undefined);
  const limits = mainLimits(rows);
  const metrics = LATENCIES.filter(([name]) => rows.some((row) => row.distributions[name]));
  // End-to-end latency follows from the other two where there are any.
  const shown = metrics.length === 3 ? metrics.slice(0, 2) : metrics;
  return shown.map(([name, label, words, limited]) => {
    const values = all.flatMap((group) =>
      group.measured.flatMap((row) => [row.distributions[name]?.p50 ?? [], row.distributions[name]?.p99 ?? []].flat()),
    );
    const series: ChartSeries[] = (joined ? drawn : all).flatMap((group, i) => {
      const of = { color: `c${i % MAX_CURVES}`, name: group.name, ...ofTask(group) };
      const knee = knees.get(group);
      const at = (key: 'p50' | 'p99') =>
        group.measured
          .filter((row) => row.distributions[name]?.[key] !== undefined)
          .map((row) => ({
            x: throughput.of(row),
            y: row.distributions[name]?.[key] ?? 0,
            ...(key === 'p50' ? { label: formatShort(row.axis?.value ?? (row.point ?? 0) + 1) } : {}),
            ...(key === 'p50' && knee?.kind === 'reached' && knee.row === row ? { ring: `Knee of ${group.name}: ${pointLabel(row)}` } : {}),
            of: row.id,
            title: `${group.name}, ${pointLabel(row)}: ${formatShort(throughput.of(row))} ${throughput.unit}, ${label} ${key} ${formatMs(row.distributions[name]?.[key])}`,
          }));
      return [
        { ...of, points: at('p99'), dashed: true, marker: 'hollow' as const },
        { ...of, points: at('p50'), marker: 'full' as const },
      ];
    });
    const limit = limits?.[limited];
    const y = scaleFor(values, { ratio: 20 });
    return {
      id: `curve-${name}`,
      title: `${words} against throughput`,
      subtitle: `${label}, p50 solid and p99 dashed; ${labelsOf(rows)}${marked ? ', a ring marks its knee' : ''}`,
      legend: all.length > 1 ? drawn.map((group, i) => ({ color: `c${i}`, name: group.name, ...ofTask(group) })) : [],
      svg: lineChart({
        id: `curve-${name}`,
        title: `${words} against throughput`,
        description: drawn.map((group) => describe(group, name, label, throughput.of, throughput.unit)).join(' '),
        x: linearScale(Math.max(...all.flatMap((group) => group.measured.map(throughput.of)))),
        y,
        xLabel: throughput.words,
        yLabel: `${label}, ms${y.kind === 'log' ? ' (log scale)' : ''}`,
        series,
        limits: limit === undefined ? [] : [{ axis: 'y', value: limit, label: `SLO, ${label}` }],
        most: MAX_CURVES,
      }),
    };
  });
}

/** Its id, where all of it is of one task: only then can the page leave out or colour the whole curve. */
function ofTask(group: TaskGroup): { of?: string } {
  return group.rows.every(({ id }) => taskOf(id) === taskId(group)) ? { of: taskId(group) } : {};
}

/** What stands beside the points. */
function labelsOf(rows: readonly TaskGroup['first'][]): string {
  const kinds = new Set(rows.map((row) => row.axis?.kind));
  const words = kinds.has('rate')
    ? kinds.size > 1
      ? 'concurrency or request rate'
      : 'request rate (req/s)'
    : 'number of concurrent requests';
  return `figures: ${words}`;
}

function describe(group: TaskGroup, name: string, label: string, throughput: (row: TaskGroup['first']) => number, unit: string): string {
  const points = group.measured.filter((row) => row.distributions[name]);
  const first = points[0];
  const last = points[points.length - 1];
  if (!first || !last) return '';
  const part = (row: TaskGroup['first']) =>
    `${pointLabel(row)}: ${formatShort(throughput(row))} ${unit}, ${label} p50 ${formatMs(row.distributions[name]?.p50)}`;
  return `${group.name} goes from ${part(first)} to ${part(last)}.`;
}
