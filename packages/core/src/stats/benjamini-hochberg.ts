/**
 * The values of many tests at once, adjusted so that of those at most 0.05 about 5 % are false alarms (Benjamini and Hochberg 1995); where nothing has
 * changed at all, 5 % of such families hold a false alarm. In the order given.
 */
export function adjustedPValues(values: readonly number[]): number[] {
  const order = values.map((p, i) => ({ p, i })).sort((a, b) => b.p - a.p);
  const out = Array.from({ length: values.length }, () => 1);
  let least = 1;
  order.forEach(({ p, i }, at) => {
    least = Math.min(least, (p * values.length) / (values.length - at));
    out[i] = least;
  });
  return out;
}
