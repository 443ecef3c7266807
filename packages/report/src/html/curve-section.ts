import { curveGroups, latencyCurves, undrawnCurves } from '../charts/latency-curves.ts';
import { formatShort } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { saturation } from '../saturation/saturation.ts';
import { data, markup, type Markup } from './markup.ts';

const MAX_KNEES = 30;
const MAX_NAMES = 6;

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
  return markup`<section id="curve" aria-labelledby="curve-h"><h2 id="curve-h">Latency against throughput</h2>
<p>Each point is one load. Right is more work done, down is less waiting.${notDrawn(undrawnCurves(groups))}</p>
<div class="charts">${figures}</div>${legend}${knees(curveGroups(groups))}</section>`;
}

function notDrawn(left: readonly TaskGroup[]): Markup | null {
  if (left.length === 0) return null;
  const names = left.slice(0, MAX_NAMES).map(({ name }, i) => markup`${i > 0 ? ', ' : null}${data(name, 60)}`);
  const more = left.length - names.length;
  return markup` Not drawn, unless a filter leaves them: ${names}${more > 0 ? ` and ${more} more` : null}.`;
}

/** Where more load stops paying, sweep by sweep. Null: none is long enough to say. */
function knees(sweeps: readonly TaskGroup[]): Markup | null {
  const found = sweeps.flatMap((sweep) => {
    const knee = saturation(sweep);
    return knee ? [{ sweep, knee }] : [];
  });
  if (found.length === 0) return null;
  const lines = found.slice(0, MAX_KNEES).map(({ sweep, knee: { kind, row, words } }) => {
    const value = `${kind === 'rising' ? '> ' : kind === 'from-start' && row.axis?.kind === 'rate' ? '< ' : ''}${formatShort(row.axis?.value)}`;
    return markup`<tr data-of="${row.id}"><th class="l" scope="row">${data(sweep.name, 80)}</th><td data-v="${row.axis?.value}">${value}</td><td class="l wide">${data(words, 400)}</td></tr>`;
  });
  const more = found.length - lines.length;
  return markup`<h3 class="gap">Where more load stops paying</h3><div class="scroll" role="region" tabindex="0" aria-label="Saturation"><table><thead><tr><th class="l" scope="col">Sweep</th><th scope="col">Knee</th><th class="l" scope="col">Why</th></tr></thead><tbody>${lines}</tbody></table></div>${more > 0 ? markup`<p class="note">And ${more} more sweeps.</p>` : null}`;
}
