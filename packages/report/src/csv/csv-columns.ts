import { metric, type Bounds, type Distribution } from '@bench/core';
import { FLAG_WORDS } from '../flags.ts';
import { ownFigures } from '../own-figures.ts';
import type { Problem } from '../report.ts';
import { requestsOf, type ReportRow } from '../rows.ts';
import { sloText } from '../verdicts/questions.ts';
import { usedMetrics } from '../used-metrics.ts';

export type CsvValue = string | number | null | undefined;

/** One column: a name that is a word, with its unit at the end; bounds of a figure have its name with `_low` and `_high` behind it. */
export interface CsvColumn {
  name: string;
  of(row: ReportRow): CsvValue;
}

interface Figure extends CsvColumn {
  boundsOf(row: ReportRow): Bounds | undefined;
}

const STATISTICS: readonly (keyof Distribution)[] = ['count', 'mean', 'std', 'min', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max'];

/** Units as the end of a name. A ratio has none: its name says what it is one of. */
const UNITS: Record<string, string> = {
  'tok/s': 'tok_per_s',
  'req/s': 'req_per_s',
  'USD/Mtok': 'usd',
  'J/tok': 'j_per_tok',
  'J/req': 'j_per_req',
  '°C': 'celsius',
  ratio: '',
};

/** `ttft_p99_ms`, `ttft_count`, `output_throughput_tok_per_s`, `error_ratio`. */
export function figureName(name: string, unit: string, statistic: keyof Distribution | null = null): string {
  const end = (UNITS[unit] ?? unit).toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const stem = end !== '' && name.endsWith(`_${end}`) ? name.slice(0, -end.length - 1) : name;
  if (statistic === 'count') return `${stem}_count`;
  return [stem, statistic, end].filter(Boolean).join('_');
}

/** Columns of all rows: whose they are, what was asked, what came out. */
export function csvColumns(rows: readonly ReportRow[], problems: readonly Problem[]): CsvColumn[] {
  const params = [...new Set(rows.flatMap((row) => Object.keys(row.params)))].sort();
  const column = (name: string, of: CsvColumn['of']): CsvColumn => ({ name, of });
  return [
    column('source', (row) => row.source.kind),
    column('source_path', (row) => row.source.path),
    column('run', (row) => row.runId),
    column('recipe', (row) => row.recipe),
    column('variant', (row) => row.variant),
    column('task_key', (row) => row.taskKey),
    column('point', (row) => (row.point === null ? null : row.point + 1)),
    column('status', (row) => row.status),
    column('error', (row) => row.error),
    column('measured_at', (row) => row.measuredAt),
    column('model', (row) => row.model),
    column('engine', (row) => row.engine?.name),
    column('engine_version', (row) => row.engine?.version),
    column('machine', (row) => row.machine),
    column('gpu_count', (row) => row.gpuCount || null),
    column('price_usd_per_hour', (row) => row.priceUsdPerHour),
    column('price_source', (row) => row.priceSource),
    ...params.map((name) => column(`param.${name}`, (row) => paramText(row.params[name]))),
    column('load', (row) => row.loadText),
    column('concurrency_req', (row) => (row.axis?.kind === 'concurrency' ? row.axis.value : null)),
    column('rate_req_per_s', (row) => (row.axis?.kind === 'rate' ? row.axis.value : null)),
    column('data', (row) => row.dataText),
    column('repeats', (row) => row.repeats || null),
    column('requests_sent', (row) => requestsOf(row)?.sent),
    column('requests_ok', (row) => requestsOf(row)?.ok),
    column('requests_failed', (row) => requestsOf(row)?.failed),
    column('requests_cancelled', (row) => requestsOf(row)?.cancelled),
    column('duration_s', (row) => row.durationS),
    ...askedSlo(rows),
    ...figures(rows, (row) => row),
    ...steady(rows),
    column('output_token_source', (row) => row.tokenSources?.output),
    column('notes', (row) => notesOf(row, problems)),
    column('not_said', (row) => row.lacks.join(' ') || null),
  ];
}

function notesOf({ id, flags }: ReportRow, problems: readonly Problem[]): string | null {
  const lost = problems.flatMap(({ row, message }) => (row === id ? [message] : []));
  return [...flags.map(({ code }) => FLAG_WORDS[code].title), ...lost].join('; ') || null;
}

type Figures = Pick<ReportRow, 'scalars' | 'distributions'>;

function figures(rows: readonly ReportRow[], part: (row: ReportRow) => Figures | null, before = ''): CsvColumn[] {
  const used = usedMetrics(rows.flatMap((row) => part(row) ?? []));
  const own = before === '' ? ownFigures(rows) : [];
  const reported = new Set(own.map(({ name }) => name));
  // Intervals are of the whole run alone.
  const intervalsOf = (row: ReportRow) => (part(row) === row ? row.intervals : null);
  const scalars = used.scalars
    .filter((name) => !reported.has(name))
    .map((name): Figure => ({
      name: before + figureName(name, metric(name)?.unit ?? ''),
      of: (row) => part(row)?.scalars[name],
      boundsOf: (row) => intervalsOf(row)?.scalars[name],
    }));
  const distributions = used.distributions.flatMap((name) =>
    STATISTICS.filter((statistic) => rows.some((row) => part(row)?.distributions[name]?.[statistic] !== undefined)).map(
      (statistic): Figure => ({
        name: before + figureName(name, metric(name)?.unit ?? '', statistic),
        of: (row) => part(row)?.distributions[name]?.[statistic],
        boundsOf: (row) => {
          const bounds: Partial<Record<keyof Distribution, Bounds>> | undefined = intervalsOf(row)?.distributions[name];
          return bounds?.[statistic];
        },
      }),
    ),
  );
  const others = own.map((figure): Figure => ({
    name: figureName(figure.name, figure.unit),
    of: figure.of,
    boundsOf: (row) => (figure.of(row) === null ? undefined : intervalsOf(row)?.scalars[figure.name]),
  }));
  return [...scalars, ...distributions, ...others].flatMap((figure) => withBounds(figure, rows));
}

/** The figure, and between which values it lies, where that is known of any row. */
function withBounds({ name, of, boundsOf }: Figure, rows: readonly ReportRow[]): CsvColumn[] {
  const figure = { name, of };
  if (!rows.some((row) => boundsOf(row) !== undefined)) return [figure];
  return [figure, { name: `${name}_low`, of: (row) => boundsOf(row)?.low }, { name: `${name}_high`, of: (row) => boundsOf(row)?.high }];
}

/** Limits that the report was asked for, where it was. */
function askedSlo(rows: readonly ReportRow[]): CsvColumn[] {
  if (!rows.some((row) => row.askedSlo)) return [];
  return [
    { name: 'slo_asked_for', of: (row) => (row.askedSlo ? sloText(row.slo) : null) },
    { name: 'slo_judged_by', of: (row) => row.askedSlo?.from },
    { name: 'slo_good_ratio_at_least', of: (row) => row.askedSlo?.share?.low },
    { name: 'slo_good_ratio_at_most', of: (row) => row.askedSlo?.share?.high },
  ];
}

/** The steady state beside the whole run, where any row has one. */
function steady(rows: readonly ReportRow[]): CsvColumn[] {
  if (!rows.some((row) => row.steady)) return [];
  return [
    { name: 'steady_state_from_ms', of: (row) => row.steady?.fromMs },
    { name: 'steady_state_to_ms', of: (row) => row.steady?.toMs },
    { name: 'steady_state_requests', of: (row) => row.steady?.counts.sent },
    ...figures(rows, (row) => row.steady, 'steady_state_'),
  ];
}

const paramText = (value: ReportRow['params'][string] | undefined): CsvValue => (typeof value === 'boolean' ? String(value) : value);
