import { type Bounds, type Distribution } from '@bench/core';
import { distributionChart, type DistributionPlan, distributionPlans } from '../charts/distribution-chart.ts';
import type { ChartedTask } from '../charted.ts';
import { columnDecimals, formatNumber } from '../format.ts';
import { taskId } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { drawnWords, nowOrLater } from './later-charts.ts';
import { data, markup, type Markup } from './markup.ts';

const STATISTICS = ['p50', 'p90', 'p99', 'max'] as const satisfies readonly (keyof Distribution)[];

/** How TTFT and the gaps between tokens are spread, a curve a point. */
export function distributionSection(details: readonly ChartedTask[], left: number): Markup | null {
  const figures = distributionPlans(details).map((plan) => nowOrLater(plan, taskId(plan.group), figure(plan)));
  if (figures.length === 0) return null;
  return markup`<section id="distributions" aria-labelledby="distributions-h"><h2 id="distributions-h">Distributions</h2>
<p>The share of requests (or gaps between tokens) that took at most this long. A steep curve far to the left is good; a long flat end at the top is a slow tail.${drawnWords(details, left)}</p>
<div class="charts">${figures}</div></section>`;
}

function figure(plan: DistributionPlan): Markup {
  const { title, subtitle, legend, svg } = distributionChart(plan);
  const name = `${plan.kind}_ms`;
  const rows = plan.points.map(({ point: { row } }) => ({
    id: row.id,
    load: pointLabel(row),
    d: row.distributions[name],
    bounds: row.intervals?.distributions[name],
  }));
  const decimals = columnDecimals(
    rows.flatMap(({ d }) => STATISTICS.flatMap((s) => d?.[s] ?? [])),
    2,
  );
  return markup`<figure data-of="${taskId(plan.group)}"><figcaption>${title} <span>${data(subtitle, 200)}</span></figcaption>${svg}
<div class="scroll bare" role="region" tabindex="0" aria-label="${title}, percentiles"><table><thead><tr><th class="l" scope="col">Load</th>${STATISTICS.map((s) => markup`<th scope="col">${s}</th>`)}</tr></thead>
<tbody>${rows.map(({ id, load, d, bounds }, i) => markup`<tr data-of="${id}"><th class="l" scope="row"><i class="key ${legend[i]?.color}"></i>${load}</th>${STATISTICS.map((s) => markup`<td>${formatNumber(d?.[s], decimals)}${within(s === 'max' ? undefined : bounds?.[s], decimals)}</td>`)}</tr>`)}</tbody></table></div></figure>`;
}

function within(bounds: Bounds | undefined, decimals: number): Markup | null {
  return bounds ? markup`<span class="within">${formatNumber(bounds.low, decimals)} – ${formatNumber(bounds.high, decimals)}</span>` : null;
}
