import { metric, type Distribution, type MetricDefinition } from '@bench/core';
import type { ReportRow } from '../rows.ts';
import { ownFigures, ownHeader } from '../own-figures.ts';
import { usedMetrics } from '../used-metrics.ts';

const STATISTICS: readonly (keyof Distribution)[] = ['mean', 'std', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max', 'count'];

/** One figure of the rows, with its unit. */
export interface Figure {
  header: string;
  /** For the number format. */
  unit: MetricDefinition['unit'] | '';
  statistic: keyof Distribution | null;
  of(row: ReportRow): number | null;
}

/** Every figure that occurs: `Output tokens (tok/s)`, `TTFT p99 (ms)`. */
export function allFigures(rows: readonly ReportRow[]): Figure[] {
  const used = usedMetrics(rows);
  const own = ownFigures(rows).map((figure): Figure => ({ header: ownHeader(figure), unit: '', statistic: null, of: figure.of }));
  const reported = new Set(rows.flatMap((row) => Object.keys(row.ownMetrics)));
  const scalars = used.scalars
    .filter((name) => !reported.has(name))
    .map((name): Figure => {
      const definition = metric(name);
      const header = definition ? `${definition.label} (${definition.unit})` : name;
      return { header, unit: definition?.unit ?? '', statistic: null, of: (row) => row.scalars[name] ?? null };
    });
  const distributions = used.distributions.flatMap((name) => {
    const definition = metric(name);
    return STATISTICS.map((statistic): Figure => {
      const unit = statistic === 'count' ? 'samples' : (definition?.unit ?? '');
      const title = `${definition?.label ?? name} ${statistic === 'p999' ? 'p99.9' : statistic}`;
      return {
        header: unit ? `${title} (${unit})` : title,
        unit: definition?.unit ?? '',
        statistic,
        of: (row) => row.distributions[name]?.[statistic] ?? null,
      };
    });
  });
  return [...scalars, ...distributions, ...own];
}
