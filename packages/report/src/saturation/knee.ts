/** Share of the plateau from which more load is taken not to pay. */
export const ENOUGH = 0.9;
/** From the knee on, throughput is to grow less than with the square root of the load: less is gained than waited for. */
const FLAT = 0.5;

/** Where a closed loop’s throughput stops growing with its load. */
export interface Knee {
  /** `reached`: at `index`. `rising`: not within the loads tried. `from-start`: already at the lowest. */
  kind: 'reached' | 'rising' | 'from-start';
  /** Which of the loads; of `rising` the last. */
  index: number;
  /** Mean throughput of the loads within a tenth of the best one. */
  plateau: number;
}

/**
 * The lowest load with 90 % of the plateau, which is the mean of the loads whose throughput is within a tenth of the best: a mean, because the best of many is the one that noise
 * helped most. `rising` where that is the last load, or where from there on throughput still grows with more than the square root of the load (slope of the straight line through
 * their logarithms above ½): by Little’s law latency then grows less than throughput does, and power, throughput ÷ latency, goes on rising (Kleinrock 1979).
 *
 * Chosen over Kneedle (Satopää and others 2011), the maximum of power, Gunther’s law and two straight lines, for what it says does not move when the sweep goes on: docs/decisions/016.
 * @param loads ascending, above 0, at least two
 */
export function kneeOf(loads: readonly number[], throughputs: readonly number[]): Knee {
  const best = Math.max(...throughputs);
  const top = throughputs.filter((value) => value >= ENOUGH * best);
  const plateau = top.reduce((sum, value) => sum + value, 0) / top.length;
  const index = throughputs.findIndex((value) => value >= ENOUGH * plateau);
  const last = loads.length - 1;
  if (index === last || slope(loads.slice(index), throughputs.slice(index)) > FLAT) return { kind: 'rising', index: last, plateau };
  return { kind: index === 0 ? 'from-start' : 'reached', index, plateau };
}

/** Of the least-squares line through the logarithms. */
function slope(loads: readonly number[], values: readonly number[]): number {
  const x = loads.map(Math.log);
  const y = values.map((value) => Math.log(Math.max(value, Number.MIN_VALUE)));
  const mean = (list: readonly number[]) => list.reduce((sum, v) => sum + v, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  const sxx = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  return sxx === 0 ? 0 : x.reduce((sum, v, i) => sum + (v - mx) * ((y[i] as number) - my), 0) / sxx;
}
