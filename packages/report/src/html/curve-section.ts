import { lineChart, type ChartSeries } from '../charts/line-chart.ts';
import { linearScale, scaleFor } from '../charts/scale.ts';
import { formatMs, formatShort } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { mainThroughput } from '../headline.ts';
import { loadAxis, pointLabel } from '../labels.ts';
import { data, markup, type Markup } from './markup.ts';

const MAX_GROUPS = 8;

/** Latency over throughput, p50 and p99, a curve a task. Null when no task has two points with both. */
export function curveSection(groups: readonly TaskGroup[]): Markup | null {
  // What a recipe measured itself is one point, not a curve.
  const rows = groups.flatMap((group) => group.measured).filter((row) => row.load !== null);
  const throughput = mainThroughput(rows);
  if (!throughput) return null;
  const drawn = groups.filter((group) => group.measured.some((row) => row.load !== null)).slice(0, MAX_GROUPS);
  const metrics = (
    [
      ['ttft_ms', 'TTFT', 'Time to first token'],
      ['tpot_ms', 'TPOT', 'Time per output token'],
      ['e2el_ms', 'E2EL', 'End-to-end latency'],
    ] as const
  ).filter(([name]) => rows.some((row) => row.distributions[name]));
  // End-to-end latency follows from the other two where there are any.
  const shown = metrics.length === 3 ? metrics.slice(0, 2) : metrics;
  if (shown.length === 0 || rows.length < 2) return null;

  const charts = shown.map(([name, label, words]) => {
    const values = drawn.flatMap((group) =>
      group.measured.flatMap((row) => (row.distributions[name] ? [row.distributions[name].p50, row.distributions[name].p99] : [])),
    );
    const series: ChartSeries[] = drawn.flatMap((group, i) => {
      const points = group.measured.filter((row) => row.distributions[name]);
      const at = (key: 'p50' | 'p99') =>
        points.map((row) => ({
          x: throughput.of(row),
          y: row.distributions[name]?.[key] ?? 0,
          ...(key === 'p50' ? { label: formatShort(loadAxis(row.load)?.value ?? (row.point ?? 0) + 1) } : {}),
          title: `${group.name}, ${pointLabel(row)}: ${formatShort(throughput.of(row))} ${throughput.unit}, ${label} ${key} ${formatMs(row.distributions[name]?.[key])}`,
        }));
      return [
        { color: `c${i}`, points: at('p99'), dashed: true, marker: 'hollow' as const },
        { color: `c${i}`, points: at('p50'), marker: 'full' as const },
      ];
    });
    const y = scaleFor(values, { ratio: 20 });
    const chart = lineChart({
      id: `curve-${name}`,
      title: `${words} against throughput`,
      description: drawn.map((group) => describe(group, name, label, throughput.of, throughput.unit)).join(' '),
      x: linearScale(Math.max(...drawn.flatMap((group) => group.measured.map(throughput.of)))),
      y,
      xLabel: throughput.words,
      yLabel: `${label}, ms${y.kind === 'log' ? ' (log scale)' : ''}`,
      series,
    });
    return markup`<figure><figcaption>${words} <span>${label}, p50 solid and p99 dashed</span></figcaption>${chart}</figure>`;
  });
  const kinds = new Set(rows.map((row) => loadAxis(row.load)?.kind));
  const labels = kinds.has('rate')
    ? kinds.size > 1
      ? 'concurrency or request rate'
      : 'request rate (req/s)'
    : 'number of concurrent requests';
  const legend =
    drawn.length > 1
      ? markup`<ul class="legend">${drawn.map((group, i) => markup`<li><i class="c${i}"></i>${data(group.name, 60)}</li>`)}</ul>`
      : null;
  const left = groups.filter((group) => group.measured.length > 0).length - drawn.length;
  return markup`<section id="curve" aria-labelledby="curve-h"><h2 id="curve-h">Latency against throughput</h2>
<p>Each point is one load; the figure beside it is the ${labels}. Right is more work done, down is less waiting.${left > 0 ? ` ${left} more tasks are in the table only.` : null}</p>
<div class="charts">${charts}</div>${legend}</section>`;
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
