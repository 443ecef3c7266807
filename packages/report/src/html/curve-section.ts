import { curveGroups, latencyCurves, MAX_CURVES } from '../charts/latency-curves.ts';
import type { TaskGroup } from '../groups.ts';
import { data, markup, type Markup } from './markup.ts';

/** Latency over throughput, p50 and p99, a curve a task. Null when no task has two points with both. */
export function curveSection(groups: readonly TaskGroup[]): Markup | null {
  const charts = latencyCurves(groups);
  const [first] = charts;
  if (!first) return null;
  const figures = charts.map(
    ({ title, subtitle, svg }) => markup`<figure><figcaption>${title} <span>${subtitle}</span></figcaption>${svg}</figure>`,
  );
  const legend =
    first.legend.length > 0
      ? markup`<ul class="legend" data-legend>${first.legend.map(({ color, name, of }) => markup`<li data-of="${of}"><i class="${color}"></i>${data(name, 60)}</li>`)}</ul>`
      : null;
  const left = groups.filter((group) => group.measured.length > 0).length - Math.min(curveGroups(groups).length, MAX_CURVES);
  return markup`<section id="curve" aria-labelledby="curve-h"><h2 id="curve-h">Latency against throughput</h2>
<p>Each point is one load. Right is more work done, down is less waiting.${left > 0 ? ` ${left} more tasks are in the table only.` : null}</p>
<div class="charts">${figures}</div>${legend}</section>`;
}
