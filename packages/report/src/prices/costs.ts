/** Cost figures by their names in METRICS. */
export type CostMetric =
  | 'cost_per_mtok_input'
  | 'cost_per_mtok_output'
  | 'cost_per_mtok_total'
  | 'cost_per_1000_requests'
  | 'cost_per_1000_good_requests';

/** A throughput by its name in METRICS, or the first less the second. */
type Rate = readonly [throughput: string, less?: string];

/** What each cost figure is charged to: price ÷ (rate × 3600) × `per`, of the first of its rates that is known. */
export const COST_RATES: Readonly<Record<CostMetric, { per: number; rates: readonly Rate[] }>> = {
  // Files of vLLM and SGLang say both sums, and not always the difference.
  cost_per_mtok_input: { per: 1e6, rates: [['input_throughput'], ['total_token_throughput', 'output_throughput']] },
  cost_per_mtok_output: { per: 1e6, rates: [['output_throughput']] },
  cost_per_mtok_total: { per: 1e6, rates: [['total_token_throughput']] },
  cost_per_1000_requests: { per: 1000, rates: [['request_throughput']] },
  cost_per_1000_good_requests: { per: 1000, rates: [['goodput']] },
};

/** The rate that a cost figure is charged to, with its names. Undefined: none is known. */
export function costRate(name: CostMetric, scalars: Readonly<Record<string, number>>): { rate: Rate; perS: number } | undefined {
  for (const rate of COST_RATES[name].rates) {
    const [throughput = 0, less = 0] = rate.map((part) => (part === undefined ? undefined : (scalars[part] ?? Number.NaN)));
    if (!Number.isNaN(throughput - less)) return { rate, perS: throughput - less };
  }
  return undefined;
}

/**
 * What a million tokens and a thousand requests cost at a price of the whole machine. Each is the whole price over what came of one kind, so that those of
 * input and output do not add up to the total. A figure whose throughput is not known, or is 0, is absent.
 */
export function costsOf(scalars: Readonly<Record<string, number>>, usdPerHour: number): Partial<Record<CostMetric, number>> {
  return Object.fromEntries(
    (Object.keys(COST_RATES) as CostMetric[]).flatMap((name) => {
      const perS = costRate(name, scalars)?.perS;
      return perS !== undefined && perS > 0 ? [[name, (usdPerHour / (perS * 3600)) * COST_RATES[name].per]] : [];
    }),
  );
}
