/** Counts what rented machines of this invocation cost, on the monotonic clock: a wall clock that jumps changes nothing. */
export interface Meter {
  /**
   * It costs from now on, or since then on the same clock. Price null: nobody knows how much. `diskUsdPerHour`: its disk, where the price does
   * not hold it; default 0.
   */
  began(name: string, priceUsdPerHour: number | null, diskUsdPerHour?: number, since?: number): void;
  /** From now on it costs that much, without its disk; what it cost before counts at the price of then. */
  costs(name: string, priceUsdPerHour: number): void;
  ended(name: string): void;
  /** Dollars until now, of all machines whose price is known. */
  spentUsd(): number;
  /** Dollars an hour of those that are there now. */
  perHourUsd(): number;
  /** Dollars an hour of one machine, with its disk; 0: nobody knows, or it is not there. */
  priceOf(name: string): number;
}

const HOUR_MS = 3_600_000;

export function makeMeter(monotonic: () => number): Meter {
  const running = new Map<string, { since: number; price: number; disk: number }>();
  let ended = 0;
  const costOf = ({ since, price, disk }: { since: number; price: number; disk: number }) =>
    ((monotonic() - since) / HOUR_MS) * (price + disk);
  return {
    began: (name, price, disk = 0, since = monotonic()) => {
      if (!running.has(name)) running.set(name, { since, price: price ?? 0, disk });
    },
    costs: (name, price) => {
      const machine = running.get(name);
      if (!machine) return;
      ended += costOf(machine);
      running.set(name, { ...machine, since: monotonic(), price });
    },
    ended: (name) => {
      const machine = running.get(name);
      if (!machine) return;
      ended += costOf(machine);
      running.delete(name);
    },
    spentUsd: () => [...running.values()].reduce((sum, machine) => sum + costOf(machine), ended),
    perHourUsd: () => [...running.values()].reduce((sum, { price, disk }) => sum + price + disk, 0),
    priceOf: (name) => {
      const machine = running.get(name);
      return machine ? machine.price + machine.disk : 0;
    },
  };
}
