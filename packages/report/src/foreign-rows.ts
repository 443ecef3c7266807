import type { PointFlag } from '@bench/core';
import type { ForeignMeasurement } from '@bench/results';
import { formatShort } from './format.ts';
import { gpuLabel, type LoadAxis } from './labels.ts';
import { costsOf } from './prices/costs.ts';
import { exactRates } from './prices/exact-rates.ts';
import { pricedForeign } from './prices/priced-task.ts';
import { priceFacts, rowPrice } from './prices/row-price.ts';
import { emptyRow, type ReportRow, type RowOptions } from './rows.ts';
import { judgeSummary, withoutGoodness } from './slo/judge-slo.ts';

/** Measurements of other tools as rows, one each: every figure as it was written, and nothing that was not. Those of one file are points of one task. */
export function foreignRows(measurements: readonly ForeignMeasurement[], options: RowOptions = {}): ReportRow[] {
  const points = new Map<string, number>();
  return measurements.map((measurement) => {
    const { kind, path } = measurement.source;
    const taskKey = `${kind}:${path}`;
    const point = points.get(taskKey) ?? 0;
    points.set(taskKey, point + 1);
    return { ...foreignRow(measurement, options), taskKey, point };
  });
}

function foreignRow(measurement: ForeignMeasurement, { prices, slo: asked }: RowOptions): ReportRow {
  const { source, recipe, variant, result, gpu } = measurement;
  const axis = axisOf(measurement);
  const price = priceFacts(rowPrice(pricedForeign(measurement), prices));
  const counts = countsOf(measurement);
  const durationS = result.durationS ?? null;
  const scalars = asked ? withoutGoodness(result.scalars) : result.scalars;
  const rates = exactRates({ source, counts, durationS, scalars });
  return {
    ...emptyRow(source.path),
    source,
    recipe,
    variant,
    params: measurement.params,
    status: 'ok',
    repeats: 1,
    counts,
    flags: flagsOf(measurement),
    durationS,
    scalars: { ...scalars, ...(price.priceUsdPerHour === null ? {} : costsOf(rates, price.priceUsdPerHour)) },
    distributions: result.distributions,
    ...(asked && {
      slo: asked.limits,
      askedSlo: judgeSummary({ ...counts, failed: result.counts.failed ?? null, distributions: result.distributions }, asked),
    }),
    lacks: result.missing,
    measuredAt: isoDate(result.date),
    program: result.kind,
    axis,
    loadText: axis
      ? `${formatShort(axis.value)} ${axis.kind === 'rate' ? 'req/s' : 'concurrent'}`
      : result.requestRate === 'inf'
        ? 'all at once'
        : null,
    dataText: measurement.data,
    machine: gpuLabel(gpu, measurement.system ?? undefined),
    gpuCount: gpu.count,
    engine: measurement.engine,
    model: measurement.model,
    ...price,
  };
}

function axisOf({ result }: ForeignMeasurement): LoadAxis | null {
  if (typeof result.requestRate === 'number') return { kind: 'rate', value: result.requestRate };
  return result.maxConcurrency === undefined ? null : { kind: 'concurrency', value: result.maxConcurrency };
}

/** What is not said is 0 here, and is in `lacks`: `requestsOf` shows none of it. */
function countsOf({ result }: ForeignMeasurement): NonNullable<ReportRow['counts']> {
  const { ok = 0, failed = 0, cancelled = 0 } = result.counts;
  return { sent: ok + failed + cancelled, ok, failed, cancelled, warmup: 0 };
}

/** As a point of our own is marked: with any failed request. */
function flagsOf(measurement: ForeignMeasurement): PointFlag[] {
  const { sent, failed } = countsOf(measurement);
  return failed > 0 ? [{ code: 'failures', message: `${failed} of ${sent} requests failed` }] : [];
}

/** ISO 8601, of what vLLM writes (`20260309-053743`) and of what is that already; without a zone where the tool wrote none. Null: neither. */
function isoDate(date: string | undefined): string | null {
  const compact = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(date ?? '');
  const [, year, month, day, hour, minute, second] = compact ?? [];
  const text = compact ? `${year}-${month}-${day}T${hour}:${minute}:${second}` : date;
  return text !== undefined && /^\d{4}-\d\d-\d\d/.test(text) && Number.isFinite(Date.parse(text)) ? text : null;
}
