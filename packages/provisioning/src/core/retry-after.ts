import type { Io } from '@bench/core';

/**
 * Milliseconds that a server asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), which is measured against the answer's own
 * `Date` where it has one, so that a wrong clock here does no harm. Undefined: it does not say.
 */
export function retryAfterMs(headers: Headers, io: Pick<Io, 'now'>): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const said = Date.parse(headers.get('date') ?? '');
  return Math.max(0, at - (Number.isNaN(said) ? io.now() : said));
}
