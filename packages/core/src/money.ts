/** Dollars, with cents as far as they say something: `$4.10`, `$0.0031`. Null: `unknown`. */
export function usd(amount: number | null): string {
  if (amount === null) return 'unknown';
  if (amount === 0 || Math.abs(amount) >= 0.095) return `$${amount.toFixed(2)}`;
  return `$${Number(amount.toPrecision(2))}`;
}
