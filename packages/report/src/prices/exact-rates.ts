import type { ReportRow } from '../rows.ts';

type RatedRow = Pick<ReportRow, 'source' | 'counts' | 'durationS' | 'scalars'>;

/**
 * The figures of a row to compute with. Other tools round their throughputs, some to `0.05`: where a count over the duration rounds to what is stated, it
 * stands in its place. What is shown stays as it was written.
 */
export function exactRates({ source, counts, durationS, scalars }: RatedRow): Readonly<Record<string, number>> {
  if (source.kind === 'run' || !durationS) return scalars;
  const { total_input_tokens: input, total_output_tokens: output } = scalars;
  const sums: [string, number | undefined][] = [
    ['request_throughput', counts?.ok],
    ['input_throughput', input],
    ['output_throughput', output],
    ['total_token_throughput', input !== undefined && output !== undefined ? input + output : undefined],
  ];
  const exact = sums.flatMap(([name, sum]) => {
    const stated = scalars[name];
    return sum && stated !== undefined && roundsTo(sum / durationS, stated) ? [[name, sum / durationS] as const] : [];
  });
  return { ...scalars, ...Object.fromEntries(exact) };
}

function roundsTo(exact: number, stated: number): boolean {
  const decimals = /\.(\d+)$/.exec(String(stated))?.[1]?.length ?? 0;
  return Math.abs(exact - stated) <= 0.5001 * 10 ** -decimals;
}
