import { type Bounds, metric, type Distribution } from '@bench/core';
import { lineChart } from '../charts/line-chart.ts';
import { shortNumber } from '../charts/readout.ts';
import { linearScale, logScale, type Scale } from '../charts/scale.ts';
import { SHARES, type Curve, type PointDetail } from '../detail.ts';
import { columnDecimals, formatMs, formatNumber } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { rankColor } from './colors.ts';
import { data, markup, type Markup } from './markup.ts';

const STATISTICS = ['p50', 'p90', 'p99', 'max'] as const satisfies readonly (keyof Distribution)[];

/** How TTFT and the gaps between tokens are spread, a curve a point. */
export function distributionSection(details: readonly { group: TaskGroup; points: PointDetail[] }[], left: number): Markup | null {
  const figures = details.flatMap(({ group, points }, g) =>
    (['ttft', 'itl'] as const).flatMap((kind) => {
      const drawn = points.flatMap((point) => (point[kind] ? [{ point, curve: point[kind] }] : []));
      return drawn.length === 0 ? [] : [figure(group, drawn, kind, `${kind}-${g}`, details.length > 1)];
    }),
  );
  if (figures.length === 0) return null;
  return markup`<section id="distributions" aria-labelledby="distributions-h"><h2 id="distributions-h">Distributions</h2>
<p>The share of requests (or gaps between tokens) that took at most this long. A steep curve far to the left is good; a long flat end at the top is a slow tail.${left > 0 ? ` Points were thinned out: ${left} more are in the table only.` : null}</p>
<div class="charts">${figures}</div></section>`;
}

function figure(group: TaskGroup, drawn: { point: PointDetail; curve: Curve }[], kind: 'ttft' | 'itl', id: string, named: boolean): Markup {
  const name = `${kind}_ms`;
  const label = metric(name)?.label ?? kind;
  const words = kind === 'ttft' ? 'Time to first token' : 'Time between tokens';
  const x = xScale(drawn.map(({ curve }) => curve));
  const color = (i: number) => rankColor(i, drawn.length);
  const medians = drawn.map(
    ({ point, curve }) =>
      `${pointLabel(point.row)}: half within ${formatMs(curve.quantiles[100])}, 99 % within ${formatMs(curve.quantiles[198])}`,
  );
  const chart = lineChart({
    id,
    title: `${words}, cumulative distribution${named ? `, ${group.name}` : ''}`,
    description: `${medians.join('; ')}.`,
    x,
    y: { ...linearScale(1), ticks: [0, 0.25, 0.5, 0.75, 0.9, 1] },
    xLabel: `${label}, ms${x.kind === 'log' ? ' (log scale)' : ''}`,
    yLabel: 'share within',
    formatY: (value) => `${Math.round(value * 100)} %`,
    series: drawn.map(({ curve }, i) => ({
      color: color(i),
      points: curve.quantiles.map((value, q) => ({ x: value, y: SHARES[q] ?? 1 })),
    })),
    readout: {
      at: SHARES,
      rows: drawn.map(({ point, curve }, i) => ({
        name: pointLabel(point.row),
        color: color(i),
        unit: ' ms',
        values: curve.quantiles.map(shortNumber),
      })),
    },
  });
  const exact = drawn.every(({ curve }) => curve.from === 'samples');
  const rows = drawn.map(({ point: { row } }) => ({
    load: pointLabel(row),
    d: row.distributions[name],
    bounds: row.intervals?.distributions[name],
  }));
  const decimals = columnDecimals(
    rows.flatMap(({ d }) => (d ? STATISTICS.map((s) => d[s]) : [])),
    2,
  );
  return markup`<figure><figcaption>${words} <span>${named ? markup`${data(group.name, 80)} · ` : null}${label}${exact ? null : ', drawn from stored percentiles'}</span></figcaption>${chart}
<div class="scroll bare" role="region" tabindex="0" aria-label="${words}, percentiles"><table><thead><tr><th class="l" scope="col">Load</th>${STATISTICS.map((s) => markup`<th scope="col">${s}</th>`)}</tr></thead>
<tbody>${rows.map(({ load, d, bounds }, i) => markup`<tr><th class="l" scope="row"><i class="key ${color(i)}"></i>${load}</th>${STATISTICS.map((s) => markup`<td>${formatNumber(d?.[s], decimals)}${within(s === 'max' ? undefined : bounds?.[s], decimals)}</td>`)}</tr>`)}</tbody></table></div></figure>`;
}

function within(bounds: Bounds | undefined, decimals: number): Markup | null {
  return bounds ? markup`<span class="within">${formatNumber(bounds.low, decimals)} – ${formatNumber(bounds.high, decimals)}</span>` : null;
}

/** To the slowest 0.5 % of the slowest curve; logarithmic when that is far from the fastest. */
function xScale(curves: readonly Curve[]): Scale {
  const low = Math.min(...curves.map((curve) => curve.quantiles[2] ?? 0));
  const high = Math.max(...curves.map((curve) => curve.quantiles[199] ?? 0));
  return low > 0 && high / low > 12 ? logScale(low, high) : linearScale(high, 6);
}
