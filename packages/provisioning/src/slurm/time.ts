/**
 * Seconds of a time limit as Slurm prints it: `30:00`, `1:00:00`, `2-00:00:00`; sbatch(1) also takes minutes alone and days with hours.
 * Null: without limit, or not told (`UNLIMITED`, `infinite`, `Partition_Limit`, `n/a`).
 */
export function parseTimeLimit(text: string): number | null {
  const [, days, a = '', b, c] = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text.trim()) ?? [];
  if (a === '') return null;
  const n = (part: string | undefined): number => Number(part ?? 0);
  // After days come hours; alone stand minutes.
  if (days !== undefined) return ((n(days) * 24 + n(a)) * 60 + n(b)) * 60 + n(c);
  if (c !== undefined) return (n(a) * 60 + n(b)) * 60 + n(c);
  return n(a) * 60 + n(b);
}

/** `D-HH:MM:SS` of seconds; a part of a second counts as a whole one. */
export function formatTimeLimit(seconds: number): string {
  const s = Math.max(1, Math.ceil(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${Math.floor(s / 86_400)}-${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** ISO 8601 of a time that was asked for in UTC (`2026-11-22T14:24:10`); null: not known (`N/A`, `Unknown`, `None`). */
export function parseTime(text: string): string | null {
  const found = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  return Number.isNaN(found) ? null : new Date(found).toISOString();
}
