import { formatNumber } from '../format.ts';

/** Digits after the point beyond which no two figures are told apart. */
const MOST_DECIMALS = 9;

/**
 * A value in words, with as many digits as tell it from a limit that it is not equal to: what is past a limit never reads like it (`89.6 %` of `90 %`, `500.4 ms`
 * of `500 ms`). `format` writes shares as percent, or milliseconds.
 */
export function besideLimit(value: number, limit: number, format: (value: number) => string): string {
  const text = format(value);
  if (value === limit || text !== format(limit)) return text;
  const [factor, unit] = text.endsWith('%') ? [100, '%'] : [1, 'ms'];
  const digits = (of: number, decimals: number) => formatNumber(of * factor, decimals);
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++)
    if (Number(digits(value, decimals).replaceAll(',', '')) !== limit * factor && digits(value, decimals) !== digits(limit, decimals))
      return `${digits(value, decimals)} ${unit}`;
  return text;
}
