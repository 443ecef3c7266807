import type { ReportRow } from '../rows.ts';
import { FORMAT, type CellValue, type Formula } from './cells.ts';
import type { SheetPlan } from './sheets.ts';

/** Where the price of a row's machine stands in the workbook: cost cells refer to it, so that it can be changed there. */
export interface PriceCells {
  sheet: SheetPlan;
  /** The cell of the machine's price, `Prices!$E$2`. Null: nothing is known of the machine. */
  of(row: ReportRow): string | null;
}

/** A line a machine and price. Priced by the GPU where there are some: that price is the one to change, and the machine's follows. */
export function pricesSheet(rows: readonly ReportRow[]): PriceCells {
  const lines = new Map<string, { row: ReportRow; at: number; days: string[] }>();
  const keyOf = ({ machine, gpuCount, priceUsdPerHour, priceSource }: ReportRow) =>
    JSON.stringify([machine, gpuCount, priceUsdPerHour, priceSource]);
  for (const row of rows) {
    if (row.machine === null && row.priceUsdPerHour === null) continue;
    const line = lines.get(keyOf(row)) ?? { row, at: lines.size + 2, days: [] };
    if (row.measuredAt) line.days.push(row.measuredAt.slice(0, 10));
    lines.set(keyOf(row), line);
  }
  return {
    sheet: {
      name: 'Prices',
      columns: [
        { header: 'Machine', width: 30 },
        { header: 'Priced by', width: 12 },
        { header: 'Number', width: 10, format: FORMAT.integer },
        { header: 'Price of one ($/hour)', width: 16, format: FORMAT.smallMoney, input: true },
        { header: 'Machine price ($/hour)', width: 16, format: FORMAT.smallMoney },
        { header: 'Currency', width: 11 },
        { header: 'Source', width: 44 },
        { header: 'Price as of', width: 14 },
        { header: 'Measured on', width: 27 },
      ],
      rows: [...lines.values()].map(({ row, at, days }) => priceLine(row, at, days)),
      note: 'Change a price of one (column D): prices of machines and costs of tokens and requests in this workbook follow. An empty one is not known, which is not the same as free.',
    },
    of: (row) => {
      const line = lines.get(keyOf(row));
      return line ? `Prices!$E$${line.at}` : null;
    },
  };
}

function priceLine(row: ReportRow, at: number, days: readonly string[]): CellValue[] {
  const { priceUsdPerHour: price } = row;
  // What is rented may have more GPUs than the engine uses.
  const number = Math.max(1, row.price && row.price.times > 1 ? row.price.times : row.gpuCount);
  const sorted = [...new Set(days)].sort();
  const machinePrice: Formula = { formula: `IF(ISNUMBER(D${at}),C${at}*D${at},"")`, result: price ?? '' };
  return [
    row.machine,
    row.gpuCount > 0 || number > 1 ? 'GPU' : 'machine',
    number,
    price === null ? null : price / number,
    machinePrice,
    'USD',
    row.priceSource,
    row.price?.date?.slice(0, 10),
    sorted.length > 1 ? `${sorted[0]} to ${sorted[sorted.length - 1]}` : sorted[0],
  ];
}
