import type { ClassResult } from '@bench/core';
import { columnDecimals, formatNumber } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { data, markup, type Markup } from './markup.ts';

type Figure = (each: ClassResult) => number | undefined;

const FIGURES: readonly [group: string, name: string, decimals: number, figure: Figure][] = [
  ['Requests', 'ok', 0, ({ counts }) => counts.ok],
  ['Requests', 'failed', 0, ({ counts }) => counts.failed],
  ['Throughput', 'req/s', 2, ({ scalars }) => scalars.request_throughput],
  ['Throughput', 'out tok/s', 1, ({ scalars }) => scalars.output_throughput],
  ...(['ttft_ms', 'tpot_ms', 'e2el_ms'] as const).flatMap((name) =>
    (['p50', 'p99'] as const).map((key): [string, string, number, Figure] => [
      `${name.slice(0, -3).toUpperCase()}, ms`,
      key,
      2,
      ({ distributions }) => distributions[name]?.[key],
    ]),
  ),
  ['Meets its limits', '%', 1, ({ scalars: { good_ratio: good } }) => (good === undefined ? undefined : 100 * good)],
];

/** What each class of requests came to, a table a task. Null: no load has classes. */
export function classesSection(groups: readonly TaskGroup[]): Markup | null {
  const tables = groups.flatMap((group) => {
    const lines = group.measured.flatMap((row) =>
      Object.entries(row.classes ?? {}).map(([name, each]) => ({ load: pointLabel(row), name, each })),
    );
    return lines.length === 0 ? [] : [table(group, lines, groups.length > 1)];
  });
  if (tables.length === 0) return null;
  return markup`<section id="classes" aria-labelledby="classes-h"><h2 id="classes-h">Classes of requests</h2>
<p>The load mixes requests of several kinds. Each has its own lengths, model and limits, as far as it has some; rates are of the whole time of a point.</p>
${tables}</section>`;
}

function table(group: TaskGroup, lines: readonly { load: string; name: string; each: ClassResult }[], named: boolean): Markup {
  const columns = FIGURES.flatMap(([over, name, most, figure]) => {
    const values = lines.map(({ each }) => figure(each));
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? [] : [{ over, name, values, decimals: columnDecimals(known, most) }];
  });
  const heads = [...new Set(columns.map(({ over }) => over))].map((over) => ({
    over,
    span: columns.filter((c) => c.over === over).length,
  }));
  return markup`${named ? markup`<h3 class="gap">${data(group.name, 80)}</h3>` : null}<div class="scroll" role="region" tabindex="0" aria-label="Classes of requests"><table>
<thead><tr><th class="l" scope="col" rowspan="2">Load</th><th class="l" scope="col" rowspan="2">Class</th>${heads.map(({ over, span }) => markup`<th scope="colgroup" colspan="${span}">${over}</th>`)}</tr>
<tr>${columns.map(({ name }) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${lines.map(({ load, name }, i) => markup`<tr><th class="l" scope="row">${load}</th><td class="l">${data(name, 80)}</td>${columns.map(({ values, decimals }) => markup`<td>${formatNumber(values[i], decimals)}</td>`)}</tr>`)}</tbody></table></div>`;
}
