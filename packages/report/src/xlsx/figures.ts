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
  /** Its metric, of one that is a figure a point and of the whole run. */
  scalar?: string;
  of(row: ReportRow): number | null;
}

type Part = Pick<ReportRow, 'scalars' | 'distributions'>;

/** Every figure that occurs: `Output tokens (tok/s)`, `TTFT p99 (ms)`. */
export function allFigures(rows: readonly ReportRow[]): Figure[] {
  const own = ownFigures(rows).map((figure): Figure => ({ header: ownHeader(figure), unit: '', statistic: null, of: figure.of }));
  const reported = new Set(rows.flatMap((row) => Object.keys(row.ownMetrics)));
  return [...figuresOf(rows, { part: (row) => row, skip: reported }), ...own];
}

/** Those of the steady state, with its window; empty where no row has one. */
export function steadyFigures(rows: readonly ReportRow[]): Figure[] {
  if (!rows.some((row) => row.steady)) return [];
  const own = (header: string, unit: Figure['unit'], of: Figure['of']): Figure => ({
    header: `Steady: ${header}`,
    unit,
    statistic: null,
    of,
  });
  return [
    own('from (ms)', 'ms', (row) => row.steady?.fromMs ?? null),
    own('to (ms)', 'ms', (row) => row.steady?.toMs ?? null),
    own('requests', 'req', (row) => row.steady?.counts.sent ?? null),
    ...figuresOf(rows, { part: (row) => row.steady }).map(({ scalar: _scalar, ...figure }) => ({
      ...figure,
      header: `Steady: ${figure.header}`,
    })),
  ];
}

function figuresOf(
  rows: readonly ReportRow[],
  { part, skip }: { part: (row: ReportRow) => Part | null; skip?: ReadonlySet<string> },
): Figure[] {
  const used = usedMetrics(rows.flatMap((row) => part(row) ?? []));
  const scalars = used.scalars
    .filter((name) => !skip?.has(name))
    .map((name): Figure => {
      const definition = metric(name);
      const header = definition ? `${definition.label} (${definition.unit})` : name;
      return { header, unit: definition?.unit ?? '', statistic: null, scalar: name, of: (row) => part(row)?.scalars[name] ?? null };
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
        of: (row) => part(row)?.distributions[name]?.[statistic] ?? null,
      };
    });
  });
  return [...scalars, ...distributions];
}
