import { METRICS, metric, type MetricDefinition } from './metrics.ts';

/** What is told of a distribution, as a figure's name spells it. */
export const STATISTICS = ['mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999'] as const;
export type Statistic = (typeof STATISTICS)[number];

/** One number of a point: a scalar, or one statistic of a distribution. */
export interface Figure {
  /** `ttft_p99_ms`, `output_throughput`. */
  name: string;
  definition: MetricDefinition;
  /** Null: a scalar. */
  statistic: Statistic | null;
}

/** `ttft_p99_ms`: the unit of a metric's name stays at its end. */
function nameOf(definition: MetricDefinition, statistic: Statistic): string {
  return definition.name.replace(/(_ms)?$/, `_${statistic}$1`);
}

const figures = new Map<string, Figure>(
  METRICS.flatMap((definition): [string, Figure][] =>
    definition.kind === 'scalar'
      ? [[definition.name, { name: definition.name, definition, statistic: null }]]
      : STATISTICS.map((statistic) => [nameOf(definition, statistic), { name: nameOf(definition, statistic), definition, statistic }]),
  ),
);

/** Names of all figures of the metrics that `@bench` publishes. */
export const FIGURE_NAMES: readonly string[] = [...figures.keys()];

/** A figure by its name; `ttft_p99` and `ttft_ms_p99` mean `ttft_p99_ms` too. Undefined: no metric of ours has it. */
export function figure(name: string): Figure | undefined {
  const known = figures.get(name) ?? figures.get(`${name}_ms`);
  if (known) return known;
  const [, base = '', statistic = ''] = /^(.+)_(mean|p\d+)$/.exec(name) ?? [];
  const definition = metric(base);
  return definition?.kind === 'distribution' ? figures.get(nameOf(definition, statistic as Statistic)) : undefined;
}
