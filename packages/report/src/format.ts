import { minuteText } from '@bench/core';
const DASH = '–';

/** Digits after the point that give about three significant digits for a value of this size. */
export function decimalsOf(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(size)) return 0;
  if (size >= 99.95) return 0;
  if (size >= 9.995) return 1;
  if (size >= 0.9995) return 2;
  return size >= 0.0995 ? 3 : 4;
}

/** One number of digits for a whole column, so that points stand under each other: fine enough for its median, never more than `max`. */
export function columnDecimals(values: readonly number[], max = 3): number {
  const finite = values
    .filter((v) => Number.isFinite(v) && v !== 0)
    .map(Math.abs)
    .sort((a, b) => a - b);
  const median = finite[Math.floor((finite.length - 1) / 2)];
  if (median === undefined || values.every((v) => Number.isInteger(v))) return 0;
  return Math.min(decimalsOf(median), max);
}

/** `1,234.5`: comma groups, a fixed number of decimals. A dash for what is not a finite number. */
export function formatNumber(value: number | null | undefined, decimals?: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const text = Math.abs(value).toFixed(decimals ?? decimalsOf(value));
  const [whole = '0', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 && Number(text) !== 0 ? '-' : '';
  return sign + grouped + (fraction === undefined ? '' : `.${fraction}`);
}

/** A number for prose: three significant digits, no trailing zeros after the point (`8`, `12.5`, `1,350`). */
export function formatShort(value: number | null | undefined): string {
  if (value !== null && value !== undefined && Number.isInteger(value)) return formatNumber(value, 0);
  const text = formatNumber(value);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Milliseconds for prose: `850 µs`, `12.3 ms`, `1.24 s`, `2.5 min`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return DASH;
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${formatShort(ms * 1000)} µs`;
  if (ms < 999.5) return `${formatShort(ms)} ms`;
  if (ms < 119_500) return `${formatShort(ms / 1000)} s`;
  return `${formatShort(ms / 60_000)} min`;
}

/** A figure at an axis: like {@link formatShort}, but `12k` and `1.5M`, for there is little room. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${formatShort(value / 1e6)}M`;
  return size >= 1e4 ? `${formatShort(value / 1e3)}k` : formatShort(value);
}

/** `$28.40`, `$0.0123`: cents, and three digits below a dollar. */
export function formatUsd(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  return `$${formatNumber(value, Math.abs(value) >= 1 ? 2 : decimalsOf(value))}`;
}

/** `12 %`, `0.4 %`. */
export function formatPercent(ratio: number): string {
  const percent = ratio * 100;
  return `${formatNumber(percent, Math.abs(percent) >= 9.95 ? 0 : 1)} %`;
}

/** `2026-05-04 13:22 UTC`. The text itself when it is not a date. */
export function formatStamp(iso: string | number): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return String(iso);
  return `${minuteText(date.toISOString())} UTC`;
}

/** `one`, `one and two`, `one, two and three`. */
export function listWords(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] as string}`;
}

/** `1 point`, `3 points`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count, 0)} ${count === 1 ? one : many}`;
}
