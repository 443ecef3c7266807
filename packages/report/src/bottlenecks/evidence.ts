import { metric, PERCENTILES, type Percentile } from '@bench/core';
import { formatMs, formatNumber, formatPercent, formatShort } from '../format.ts';
import type { ReportRow } from '../rows.ts';

/** A figure that a hint rests on. */
export interface Evidence {
  /** As in METRICS, a percentile behind it: `kv_cache_max`, `ttft_ms p99`. */
  name: string;
  label: string;
  /** In words. */
  value: string;
}

/** Figures of a row by name (`kv_cache_max`, `ttft_ms p99`); those that it lacks are left out. */
export function evidenceOf(row: ReportRow, names: readonly string[]): Evidence[] {
  return names.flatMap((name) => {
    const [of = '', part] = name.split(' ');
    const value = part && isPercentile(part) ? row.distributions[of]?.[part] : row.scalars[of];
    const known = metric(of);
    if (value === undefined || !Number.isFinite(value)) return [];
    return [{ name, label: [known?.label ?? of, part].filter(Boolean).join(' '), value: inWords(value, known?.unit) }];
  });
}

const isPercentile = (text: string): text is Percentile => (PERCENTILES as readonly string[]).includes(text);

function inWords(value: number, unit: string | undefined): string {
  if (unit === 'ms') return formatMs(value);
  if (unit === 'ratio') return formatPercent(value);
  if (unit === 'req') return formatShort(value);
  return unit === undefined ? formatShort(value) : `${formatNumber(value)} ${unit}`;
}
