import { BenchError } from './error.ts';

const DURATION_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_BYTES: Record<string, number> = {
  b: 1,
  k: 1000,
  kb: 1000,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/**
 * Milliseconds of `90` (seconds), `"90s"`, `"1.5m"`, `"1h30m"`, `"500ms"` or `"01:30:00"`.
 * @throws BenchError `BENCH_UNIT` for anything else.
 */
export function parseDuration(value: string | number): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && value >= 0) return value * 1000;
    throw unit(String(value), 'a duration');
  }
  const text = value.trim();
  const clock = /^(?:(\d+)-)?(\d+):([0-5]?\d):([0-5]?\d)$/.exec(text);
  if (clock) {
    const [, d = '0', h, m, s] = clock;
    return (((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s)) * 1000;
  }
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  let rest = text;
  let total = 0;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)\s*/.exec(rest);
    if (!part) throw unit(value, 'a duration');
    total += Number(part[1]) * (DURATION_MS[part[2] as string] as number);
    rest = rest.slice(part[0].length);
  }
  if (text === '') throw unit(value, 'a duration');
  return total;
}

/** Bytes of `1024`, `"16gb"` (10⁹) or `"16GiB"` (2³⁰). @throws BenchError `BENCH_UNIT`. */
export function parseSize(value: string | number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(value).trim());
  const factor = match ? (SIZE_BYTES[(match[2] || 'b').toLowerCase()] ?? null) : null;
  if (!match || factor === null) throw unit(String(value), 'a size');
  return Math.round(Number(match[1]) * factor);
}

function unit(value: string, what: string): BenchError {
  return new BenchError({
    code: 'BENCH_UNIT',
    message: `"${value}" is not ${what}`,
    hint: what === 'a size' ? 'write "16GiB" or "500MB"' : 'write "90s", "1.5m", "1h30m" or "01:30:00"',
  });
}

/** `850 ms`, `12.3 s`, `4m 05s`, `2h 03m`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  const pad = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`;
}

/** `0.7 MB`, `141 GB`: powers of ten, as disks and GPUs are sold. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let i = 0;
  // What rounds up to 1000 is written in the next unit.
  while (value >= 999.5 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${i === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[i] as string}`;
}

/** `2026-01-02 03:04` of a time in ISO 8601, in UTC. */
export function minuteText(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
