import { BenchError, didYouMean, EXIT, figure, FIGURE_NAMES, type Figure, PERCENTILES } from '@bench/core';
import type { ReportRow } from '../rows.ts';
import type { Sample } from './samples.ts';

/** A figure that both sides may have. */
export interface ComparedFigure {
  /** `ttft_p99_ms`, or a recipe's own name. */
  name: string;
  /** `TTFT p99`. */
  label: string;
  /** `ms`; empty: none. */
  unit: string;
  /** Null: neither direction is said to be better. */
  better: 'higher' | 'lower' | null;
  /** `relative`: changes are shares of the base. `points`: the figure is a share itself, and changes are differences. */
  scale: 'relative' | 'points';
  of(sample: Sample): number | null;
  /** How many of how many requests a share is of; null: it is not one of requests. */
  share(sample: Sample): { count: number; total: number } | null;
  /** Standard error of the figure's logarithm that its requests tell alone; null: not known. */
  requestError(sample: Sample): number | null;
}

/** Compared without being asked for, in this order; where one is missing, the next of its line may stand for it. */
const HEADLINE: readonly { line: readonly string[]; main?: true }[] = [
  { line: ['output_throughput', 'total_token_throughput', 'request_throughput'], main: true },
  { line: ['goodput'] },
  { line: ['ttft_p50_ms'], main: true },
  { line: ['ttft_p99_ms'], main: true },
  { line: ['tpot_p50_ms', 'itl_p50_ms'], main: true },
  { line: ['tpot_p99_ms', 'itl_p99_ms'] },
  { line: ['e2el_p50_ms'], main: true },
  { line: ['e2el_p99_ms'] },
  { line: ['error_ratio'], main: true },
  { line: ['cost_per_mtok_total'], main: true },
  { line: ['energy_per_output_token'] },
];

const MAIN = new Set(HEADLINE.flatMap(({ line, main }) => (main ? line : [])));

/** Is it of those that a comparison shows whatever came of them? */
export const isMain = ({ name }: ComparedFigure): boolean => MAIN.has(name);

/**
 * Figures of ours that are compared by default, as far as both sides have them, the main ones also where one has; then the recipe's own that have a direction.
 */
export function headlineFigures(base: readonly Sample[], candidate: readonly Sample[], rows: readonly ReportRow[]): ComparedFigure[] {
  const has = (compared: ComparedFigure) => [base, candidate].every((side) => side.some((sample) => compared.of(sample) !== null));
  const some = (compared: ComparedFigure) => [base, candidate].some((side) => side.some((sample) => compared.of(sample) !== null));
  const ours = HEADLINE.flatMap(({ line, main }) => {
    const figures = line.flatMap((name) => comparedFigure(name, rows) ?? []);
    return figures.find(has) ?? (main ? figures.find(some) : undefined) ?? [];
  });
  const own = [...new Set(rows.flatMap((row) => Object.keys(row.ownMetrics)))].flatMap((name) => comparedFigure(name, rows) ?? []);
  return [...ours, ...own.filter((found) => found.better !== null && has(found))];
}

/** A figure of ours, or one that a recipe reported itself. Null: nobody has a figure of that name. */
export function comparedFigure(name: string, rows: readonly ReportRow[]): ComparedFigure | null {
  const own = rows.flatMap((row) => (Object.hasOwn(row.ownMetrics, name) ? (row.ownMetrics[name] ?? []) : []));
  const [first] = own;
  if (first) {
    // Of two opinions about what is better, neither is taken.
    const better = own.every((each) => each.better === first.better) ? first.better : null;
    const of = (sample: Sample) => finite(sample.scalars[name]);
    return { name, label: name, unit: first.unit, better, scale: 'relative', of, share: () => null, requestError: () => null };
  }
  const known = figure(name);
  return known ? knownFigure(known) : null;
}

/** The same. @throws BenchError `BENCH_FIGURE_UNKNOWN` (exit code 2): neither a figure of ours nor one that a recipe reported. */
export function askedFigure(name: string, rows: readonly ReportRow[]): ComparedFigure {
  const found = comparedFigure(name, rows);
  if (found) return found;
  const own = rows.flatMap((row) => Object.keys(row.ownMetrics));
  throw new BenchError({
    code: 'BENCH_FIGURE_UNKNOWN',
    message: `no figure is called "${name}"`,
    hint: didYouMean(name, [...own, ...FIGURE_NAMES]) ?? 'figures have names such as ttft_p99_ms, tpot_p50_ms, output_throughput',
    exitCode: EXIT.usage,
  });
}

function knownFigure({ name, definition, statistic }: Figure): ComparedFigure {
  const share = name === 'error_ratio' || name === 'good_ratio';
  return {
    name,
    label: statistic === null ? definition.label : `${definition.label} ${statistic === 'p999' ? 'p99.9' : statistic}`,
    unit: definition.unit,
    better: definition.better === 'neither' ? null : definition.better,
    scale: definition.unit === 'ratio' ? 'points' : 'relative',
    of: (sample) => finite(statistic === null ? sample.scalars[name] : sample.distributions[definition.name]?.[statistic]),
    share: (sample) => (share ? shareOf(sample, name) : null),
    requestError: (sample) => (statistic === null ? null : errorOf(sample, definition.name, statistic)),
  };
}

function shareOf({ scalars, counts }: Sample, name: string): { count: number; total: number } | null {
  const ratio = finite(scalars[name]);
  return ratio === null || !counts || counts.sent === 0 ? null : { count: Math.round(ratio * counts.sent), total: counts.sent };
}

/** A 95 % interval is 2 × 1.96 standard errors wide. */
const WIDTH = 2 * 1.959964;

function errorOf(sample: Sample, metric: string, statistic: NonNullable<Figure['statistic']>): number | null {
  const d = sample.distributions[metric];
  if (statistic === 'mean') return d?.mean && d.std !== undefined && d.count ? d.std / d.mean / Math.sqrt(d.count) : null;
  const percentile = PERCENTILES.find((each) => each === statistic);
  const bounds = percentile && sample.requests?.[metric]?.[percentile];
  return bounds && bounds.low > 0 ? Math.log(bounds.high / bounds.low) / WIDTH : null;
}

const finite = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);
