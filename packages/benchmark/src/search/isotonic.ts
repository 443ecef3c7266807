/** A share of successes at a load, and how many trials it stands on. */
export interface Level {
  at: number;
  passes: number;
  trials: number;
}

/**
 * The shares of successes at rising loads as the nearest ones (least squares, weighted by trials) that never rise with the load: pool adjacent
 * violators (Barlow, Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions, 1972). `levels` in order of their load.
 */
export function nonIncreasingShares(levels: readonly Level[]): number[] {
  const pools: { passes: number; trials: number; size: number }[] = [];
  for (const { passes, trials } of levels) {
    let pool = { passes, trials, size: 1 };
    for (let last = pools.at(-1); last && last.passes / last.trials < pool.passes / pool.trials; last = pools.at(-1)) {
      pools.pop();
      pool = { passes: last.passes + pool.passes, trials: last.trials + pool.trials, size: last.size + pool.size };
    }
    pools.push(pool);
  }
  return pools.flatMap(({ passes, trials, size }) => Array<number>(size).fill(passes / trials));
}
