import type { ForeignMeasurement } from '@bench/results';
import { formatShort } from './format.ts';
import { gpuLabel, type LoadAxis } from './labels.ts';
import { costsOf } from './prices/costs.ts';
import type { PriceBook } from './prices/price-book.ts';
import { pricedForeign } from './prices/priced-task.ts';
import { priceFacts, rowPrice } from './prices/row-price.ts';
import { emptyRow, type ReportRow } from './rows.ts';

/** A measurement of another tool as a row: every figure as it was written, and nothing that was not. */
export function foreignRow(measurement: ForeignMeasurement, prices?: PriceBook): ReportRow {
  const { source, recipe, variant, result, gpu } = measurement;
  const { ok, failed } = result.counts;
  const axis = axisOf(measurement);
  const price = priceFacts(rowPrice(pricedForeign(measurement), prices));
  return {
    ...emptyRow(source.path),
    source,
    recipe,
    variant,
    taskKey: `${source.kind}:${source.path}`,
    params: measurement.params,
    point: 0,
    status: 'ok',
    repeats: 1,
    counts:
      ok === undefined && failed === undefined
        ? null
        : { sent: (ok ?? 0) + (failed ?? 0), ok: ok ?? 0, failed: failed ?? 0, cancelled: 0, warmup: 0 },
    durationS: result.durationS ?? null,
    scalars: { ...result.scalars, ...(price.priceUsdPerHour === null ? {} : costsOf(result.scalars, price.priceUsdPerHour)) },
    distributions: result.distributions,
    lacks: result.missing,
    measuredAt: result.date ?? null,
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
