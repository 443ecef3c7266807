import { exactRates } from '../prices/exact-rates.ts';
import type { ReportRow } from '../rows.ts';
import type { CellValue } from './cells.ts';

/** Cost figures that follow from the machine's price and a throughput: price ÷ (throughput × 3600) × `per`. */
const COSTS: Record<string, { throughput: string; per: number }> = {
  cost_per_mtok_total: { throughput: 'total_token_throughput', per: 1e6 },
  cost_per_mtok_output: { throughput: 'output_throughput', per: 1e6 },
  cost_per_mtok_input: { throughput: 'input_throughput', per: 1e6 },
  cost_per_1000_requests: { throughput: 'request_throughput', per: 1000 },
  cost_per_1000_good_requests: { throughput: 'goodput', per: 1000 },
};

/** Where a row's cost figure finds what it follows from. */
export interface CostCells {
  /** `Prices!$E$2`. */
  price: string | null;
  /** Of a throughput in the same line, `H5`; null: it is not there. */
  throughput(name: string): string | null;
}

/** The price of a row's machine, which follows its cell on the sheet of prices. */
export function priceCell({ priceUsdPerHour }: ReportRow, at: string | null): CellValue {
  return at === null ? priceUsdPerHour : { formula: at, result: priceUsdPerHour ?? '' };
}

/**
 * A cost figure as a formula with its value, so that it follows a price that is changed in the sheet. As the figure alone where the formula would not give
 * the figure.
 */
export function costCell(row: ReportRow, name: string, cells: CostCells): CellValue {
  const known = row.scalars[name];
  const cost = COSTS[name];
  const stated = cost && row.scalars[cost.throughput];
  const throughput = cost && exactRates(row)[cost.throughput];
  // What the sheet shows may be too round to compute with.
  const at = throughput === stated ? cost && cells.throughput(cost.throughput) : String(throughput);
  if (!cost || !at || !cells.price || throughput === undefined || throughput <= 0) return known;
  const computed = row.priceUsdPerHour === null ? undefined : (row.priceUsdPerHour / (throughput * 3600)) * cost.per;
  if (computed !== undefined ? known === undefined || Math.abs(known - computed) > 1e-9 * Math.abs(computed) : known !== undefined)
    return known;
  return { formula: `IF(ISNUMBER(${cells.price}),${cells.price}/(${at}*3600)*${cost.per},"")`, result: known ?? '' };
}

/** `A`, `Z`, `AA`: the name of the column at a position from 0. */
export function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last;
}
