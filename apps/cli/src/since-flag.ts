import { InvalidArgumentError } from '@commander-js/extra-typings';

const UNIT_MS = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * `--since`: a day (`2026-05-04`, in UTC), a time (`2026-05-04T13:20Z`; without a zone, of this machine's), or how long ago (`7d`, `12h`).
 * Milliseconds.
 */
export function since(text: string): { at: number } | { ago: number } {
  const ago = /^(\d+(?:\.\d+)?)(s|m|min|h|d|w)$/.exec(text);
  if (ago) return { ago: Number(ago[1]) * UNIT_MS[ago[2] as keyof typeof UNIT_MS] };
  const at = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('expected a day, a time, or how long ago: 2026-05-04, 2026-05-04T13:20Z, 7d.');
  return { at };
}
