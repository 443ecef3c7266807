import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import { markup, type Markup } from './markup.ts';
import { latencyColumns, type ResultColumn, resultsTable } from './results-table.ts';

const COLUMNS: readonly ResultColumn[] = [
  ['Requests', 'sent', 0, ({ counts }) => counts.sent],
  ['Requests', 'failed', 0, ({ counts }) => counts.failed],
  ['Throughput', 'req/s', 2, ({ scalars }) => scalars.request_throughput],
  ['Throughput', 'out tok/s', 1, ({ scalars }) => scalars.output_throughput],
  ['Throughput', 'total tok/s', 1, ({ scalars }) => scalars.total_token_throughput],
  ...latencyColumns(['ttft_ms', 'tpot_ms', 'itl_ms', 'icl_ms', 'e2el_ms']),
];

/** The steady state of each point beside the whole run, a table a task. Null: no point has one. */
export function steadySection(groups: readonly TaskGroup[]): Markup | null {
  const tables = groups.flatMap((group) => {
    const lines = group.measured.flatMap((row) => {
      const { steady, counts } = row;
      if (!steady || !counts) return [];
      const load = pointLabel(row);
      const whole = { counts, scalars: row.scalars, distributions: row.distributions };
      return [
        { load, name: 'whole run', each: whole },
        { load, name: `steady, ${seconds(steady.fromMs)} to ${seconds(steady.toMs)} s`, each: steady },
      ];
    });
    if (lines.length === 0) return [];
    const title = groups.length > 1 ? group.name : null;
    return [resultsTable({ label: 'Steady state beside the whole run', head: 'Time', columns: COLUMNS, lines, title })];
  });
  if (tables.length === 0) return null;
  return markup`<section id="steady" aria-labelledby="steady-h"><h2 id="steady-h">Steady state beside the whole run</h2>
<p>The headline is the whole run, here and everywhere else in this report: ramp and drain belong to it. The steady state leaves them out; its latencies are of the requests that were sent and ended within it.</p>
${tables}</section>`;
}

const seconds = (ms: number) => (ms / 1000).toFixed(1);
