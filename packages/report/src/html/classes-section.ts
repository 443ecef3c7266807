import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { markup, type Markup } from './markup.ts';
import { latencyColumns, type ResultColumn, resultsTable } from './results-table.ts';

const COLUMNS: readonly ResultColumn[] = [
  ['Requests', 'ok', 0, ({ counts }) => counts.ok],
  ['Requests', 'failed', 0, ({ counts }) => counts.failed],
  ['Throughput', 'req/s', 2, ({ scalars }) => scalars.request_throughput],
  ['Throughput', 'out tok/s', 1, ({ scalars }) => scalars.output_throughput],
  ...latencyColumns(['ttft_ms', 'tpot_ms', 'e2el_ms']),
];

const good = (head: string): ResultColumn => [
  head,
  '%',
  1,
  ({ scalars: { good_ratio: ratio } }) => (ratio === undefined ? undefined : 100 * ratio),
];

/** What each class of requests came to, a table a task. Null: no load has classes. */
export function classesSection(groups: readonly TaskGroup[]): Markup | null {
  const tables = groups.flatMap((group) => {
    const lines = group.measured.flatMap((row) =>
      Object.entries(row.classes ?? {}).map(([name, each]) => ({ load: pointLabel(row), name, each })),
    );
    if (lines.length === 0) return [];
    const asked = group.measured.some((row) => row.askedSlo);
    const columns = [...COLUMNS, good(asked ? 'Meets the SLO asked for' : 'Meets its limits')];
    const title = groups.length > 1 ? group.name : null;
    return [resultsTable({ label: 'Classes of requests', head: 'Class', columns, lines, title })];
  });
  if (tables.length === 0) return null;
  return markup`<section id="classes" aria-labelledby="classes-h"><h2 id="classes-h">Classes of requests</h2>
<p>The load mixes requests of several kinds. Each has its own lengths, model and limits, as far as it has some; rates are of the whole time of a point.</p>
${tables}</section>`;
}
