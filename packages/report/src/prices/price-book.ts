/** A price that somebody named. */
export interface PriceEntry {
  /**
   * `gpu`: an hour of each GPU of that name. `machine`: an hour of a whole machine, which is named by its instance type, by its own name, or with `count` by
   * its GPUs. `partition`: an hour of each GPU of a job in that partition of a cluster.
   */
  per: 'gpu' | 'machine' | 'partition';
  name: string;
  /** Of a machine that is named by its GPUs (`8xH200`): how many. Absent: `name` is no GPU. */
  count?: number;
  amount: number;
  /** ISO 4217: `USD`, `EUR`. */
  currency: string;
  /** Who says so, in words. */
  source: string;
  /** As of when, `2026-11-01`. */
  date: string;
}

/** What one unit of a currency is in dollars. */
export interface CurrencyRate {
  usd: number;
  date: string;
}

/** Prices beside those that runs recorded of what they rented. Of several that fit the most exact one counts, of equal ones the last. */
export interface PriceBook {
  /** Count before everything else: what it would cost. */
  whatIf: readonly PriceEntry[];
  /** Count where the run itself knew none. */
  known: readonly PriceEntry[];
  /** By currency. One that is not here is not turned into dollars. */
  rates: Readonly<Record<string, CurrencyRate>>;
}
