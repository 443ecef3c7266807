import type { MachineFile, RunView } from '@bench/results';
import type { ReportRow } from '../rows.ts';

/** What an hour of a machine costs in the rows that ran on it, and who says so: what they use of it may differ. */
export interface MachinePrice {
  usdPerHour: number;
  source: string | null;
}

/** Prices of a run's machine, each once: as its rows have them, else what the run recorded. Empty: not known. */
export function machinePrices(machine: MachineFile, { dir, tasks }: RunView, rows: readonly ReportRow[]): MachinePrice[] {
  const ran = new Set(
    tasks.filter((task) => task.machine?.name === machine.name).map(({ file }) => keyOf(file.recipe, file.variant, file.key)),
  );
  const own = rows.filter(({ source, recipe, variant, taskKey }) => source.path === dir && ran.has(keyOf(recipe, variant, taskKey)));
  const found = own.length > 0 ? own : [machine];
  const prices = found.flatMap(({ priceUsdPerHour: usdPerHour, priceSource: source }) =>
    usdPerHour === null ? [] : [{ usdPerHour, source }],
  );
  return [...new Map(prices.map((price) => [keyOf(price.usdPerHour, price.source), price])).values()];
}

const keyOf = (...parts: unknown[]): string => JSON.stringify(parts);
