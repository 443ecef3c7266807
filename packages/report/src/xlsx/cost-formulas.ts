import { COST_RATES, costRate, type CostMetric } from '../prices/costs.ts';
import { exactRates } from '../prices/exact-rates.ts';
import type { ReportRow } from '../rows.ts';
import type { CellValue } from './cells.ts';

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
  const exact = exactRates(row);
  const cost = isCost(name) ? { ...COST_RATES[name], charged: costRate(name, exact) } : undefined;
  if (!cost?.charged || !cells.price || cost.charged.perS <= 0) return known;
  const { perS, rate } = cost.charged;
  const places = rate.map((throughput) => {
    if (throughput === undefined) return null;
    // What the sheet shows may be too round to compute with.
    return exact[throughput] === row.scalars[throughput] ? cells.throughput(throughput) : String(exact[throughput]);
  });
  if (places.some((place) => !place)) return known;
  const computed = row.priceUsdPerHour === null ? undefined : (row.priceUsdPerHour / (perS * 3600)) * cost.per;
  if (computed !== undefined ? known === undefined || Math.abs(known - computed) > 1e-9 * Math.abs(computed) : known !== undefined)
    return known;
  const at = places.length > 1 ? `(${places.join('-')})` : places[0];
  return { formula: `IF(ISNUMBER(${cells.price}),${cells.price}/(${at}*3600)*${cost.per},"")`, result: known ?? '' };
}

const isCost = (name: string): name is CostMetric => Object.hasOwn(COST_RATES, name);

/** `A`, `Z`, `AA`: the name of the column at a position from 0. */
export function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last;
}
