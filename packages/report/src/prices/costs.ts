/** Cost figures by their names in METRICS. */
export type CostMetric =
  | 'cost_per_mtok_input'
  | 'cost_per_mtok_output'
  | 'cost_per_mtok_total'
  | 'cost_per_1000_requests'
  | 'cost_per_1000_good_requests';

/**
 * What a million tokens and a thousand requests cost at a price of the whole machine. Each is the whole price over what came of one kind, so that those of
 * input and output do not add up to the total. A figure whose throughput is not known, or is 0, is absent.
 */
export function costsOf(scalars: Readonly<Record<string, number>>, usdPerHour: number): Partial<Record<CostMetric, number>> {
  const { output_throughput: output, total_token_throughput: total } = scalars;
  // Files of vLLM and SGLang say both sums, and not always the difference.
  const input = scalars.input_throughput ?? (output !== undefined && total !== undefined ? total - output : undefined);
  const rates: [CostMetric, number | undefined, number][] = [
    ['cost_per_mtok_input', input, 1e6],
    ['cost_per_mtok_output', output, 1e6],
    ['cost_per_mtok_total', total, 1e6],
    ['cost_per_1000_requests', scalars.request_throughput, 1000],
    ['cost_per_1000_good_requests', scalars.goodput, 1000],
  ];
  return Object.fromEntries(
    rates.flatMap(([name, perS, unit]) => (perS !== undefined && perS > 0 ? [[name, (usdPerHour / (perS * 3600)) * unit]] : [])),
  );
}
