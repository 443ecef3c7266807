import { metric, type SteadyResult } from '@bench/core';
import { ownFigures } from '../own-figures.ts';
import type { Report } from '../report.ts';
import { requestsOf, type ReportRow } from '../rows.ts';
import { usedMetrics } from '../used-metrics.ts';
import type { ReportJson } from './report-schema.ts';

type Row = ReportJson['rows'][number];
type Part = Pick<ReportRow, 'scalars' | 'distributions'> & { counts: SteadyResult['counts'] };

/** The rows and problems of a report as data by {@link reportSchema}: every figure with its unit and who says so. Names are as they are. */
export function reportJson({ rows, problems, unusedPrices }: Report, reports: readonly string[] = []): ReportJson {
  const used = usedMetrics(
    rows.flatMap((row) => [row, ...(row.conversations ? Object.values(row.conversations.turns).map(withoutPrompts) : [])]),
  );
  const own = new Map(ownFigures(rows).map((figure) => [figure.name, figure]));
  const metrics = [...used.scalars, ...used.distributions].map((name): [string, ReportJson['metrics'][string]] => {
    const known = own.has(name) ? undefined : metric(name);
    if (known) return [name, { label: known.label, unit: known.unit, better: known.better, definition: known.definition }];
    const { unit = '', better = null } = own.get(name) ?? {};
    return [
      name,
      {
        label: name,
        unit,
        better,
        definition: 'Reported by the recipe’s own clients or command, or by another tool; bench did not measure it.',
      },
    ];
  });
  return {
    schemaVersion: 1,
    reports: [...reports],
    metrics: Object.fromEntries(metrics),
    rows: rows.map(rowJson),
    problems: [...problems, ...unusedPrices].map(({ path, message }) => ({ path, message })),
  };
}

function rowJson(row: ReportRow): Row {
  const counts = requestsOf(row);
  const { source, lacks, runId, recipe, variant, taskKey, kind, params, point, status, error, measuredAt, repeats } = row;
  const { machine, gpuCount, engine, model, errors, durationS, steady, classes, conversations } = row;
  return {
    source,
    lacks: [...lacks],
    runId,
    recipe,
    variant,
    taskKey,
    kind,
    params,
    point,
    status,
    error,
    measuredAt,
    repeats,
    load:
      row.loadText === null
        ? null
        : {
            text: row.loadText,
            axis: row.axis && { ...row.axis, unit: row.axis.kind === 'rate' ? 'req/s' : 'req' },
            data: row.dataText,
          },
    machine,
    gpuCount,
    engine: engine && { name: engine.name, version: engine.version ?? null, image: engine.image ?? null },
    model,
    price: row.priceUsdPerHour === null ? null : { value: row.priceUsdPerHour, unit: 'USD/hour', source: row.priceSource },
    slo: sloOf(row),
    counts: counts && countsOf(counts),
    errors,
    durationS,
    figures: figuresOf(row, row),
    steady: steady && { fromMs: steady.fromMs, toMs: steady.toMs, ...partOf(row, steady) },
    classes: classes && Object.fromEntries(Object.entries(classes).map(([name, part]) => [name, partOf(row, part)])),
    conversations: conversations && {
      ...conversations,
      turns: { first: turnsOf(row, conversations.turns.first), later: turnsOf(row, conversations.turns.later) },
    },
    notes: row.flags.map(({ code, message }) => ({ code, message })),
  };
}

/** Named as a recipe names them. */
function sloOf({ slo, askedSlo, scalars: { good_ratio: good } }: ReportRow): Row['slo'] {
  if (!slo) return null;
  const { ttftMs, tpotMs, e2elMs } = slo;
  const limits = Object.entries({ ttft_ms: ttftMs, tpot_ms: tpotMs, e2el_ms: e2elMs }).filter(([, limit]) => limit !== undefined);
  return {
    limits: Object.fromEntries(limits),
    asked: askedSlo !== null,
    judgedBy: askedSlo ? askedSlo.from : good === undefined ? null : 'requests',
    goodRatio: askedSlo ? askedSlo.share : good === undefined ? null : { low: good, high: good },
    why: askedSlo?.why ?? null,
  };
}

const partOf = (row: ReportRow, part: Part) => ({ counts: part.counts, figures: figuresOf(row, part) });

const turnsOf = (row: ReportRow, part: Part) => ({
  ...partOf(row, withoutPrompts(part)),
  meanPromptTokens: part.scalars['mean_input_tokens'] ?? null,
});

/** The mean of the prompts is told of turns alone, and is no metric. */
function withoutPrompts({ scalars: { mean_input_tokens: _prompts, ...scalars }, ...part }: Part): Part {
  return { ...part, scalars };
}

/** Those of requests that were measured: `counts` also has others. */
function countsOf(counts: Partial<NonNullable<ReportRow['counts']>>): NonNullable<Row['counts']> {
  const { warmup: _warmup, givenUp: _givenUp, ...measured } = counts;
  return measured;
}

function figuresOf(row: ReportRow, part: Pick<ReportRow, 'scalars' | 'distributions'>): Row['figures'] {
  const intervals = part === row ? row.intervals : null;
  const from = (name: string) => ({
    unit: row.ownMetrics[name]?.unit ?? metric(name)?.unit ?? '',
    source: row.source.kind !== 'run' ? row.source.kind : row.ownMetrics[name] ? 'recipe' : 'bench',
  });
  const scalars = Object.entries(part.scalars).map(([name, value]): [string, Row['figures'][string]] => {
    const bounds = intervals?.scalars[name];
    return [name, { ...from(name), value, ...(bounds ? { intervals: { value: bounds } } : {}) }];
  });
  const distributions = Object.entries(part.distributions).map(([name, members]): [string, Row['figures'][string]] => {
    const bounds = intervals?.distributions[name];
    return [name, { ...from(name), ...members, ...(bounds ? { intervals: bounds } : {}) }];
  });
  return Object.fromEntries([...scalars, ...distributions]);
}
