import type { Row, Worksheet } from 'exceljs';
import { plain } from '../text.ts';

/** A formula of ours, never from data, with its value: not every reader works it out. */
export interface Formula {
  formula: string;
  result: number | string;
}

export type CellValue = string | number | boolean | Date | Formula | null | undefined;

export interface SheetColumn {
  header: string;
  /** Characters. Default: from the header. */
  width?: number;
  /** An Excel number format, for example `#,##0.0`. */
  format?: string;
  /** Long text that is to break. */
  wrap?: boolean;
  /** To be changed by who reads it, and coloured as such. */
  input?: boolean;
}

/** Excel's own limits. */
export const MAX_ROWS = 1_048_576;
const MAX_TEXT = 32_767;

export const FORMAT = {
  integer: '#,##0',
  oneDecimal: '#,##0.0',
  twoDecimals: '#,##0.00',
  threeDecimals: '#,##0.000',
  money: '#,##0.00',
  smallMoney: '#,##0.0000',
  percent: '0.0%',
} as const;

// Set in from the edge, or a text stands close against the number before it.
const TEXT = { vertical: 'top', horizontal: 'left', indent: 1 } as const;
const LINE_POINTS = 15;
const INPUT = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFFFF4CC' } } as const;

/** Frozen, filtered, bold header and column widths. Returns nothing: rows are added by {@link addRow}. */
export function setUpSheet(sheet: Worksheet, columns: readonly SheetColumn[]): void {
  sheet.columns = columns.map((column) => ({
    header: column.header,
    width: column.width ?? Math.min(40, Math.max(10, column.header.length + 3)),
    style: {
      ...(column.format ? { numFmt: column.format, alignment: { vertical: 'top' as const } } : { alignment: TEXT }),
      ...(column.wrap ? { alignment: { ...TEXT, wrapText: true } } : {}),
    },
  }));
  sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: 1, column: columns.length } };
  const header = sheet.getRow(1);
  header.eachCell((cell, i) => {
    cell.font = { name: 'Calibri', size: 11, bold: true, color: { argb: 'FFFFFFFF' } };
    cell.fill = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FF1F3A4D' } };
    cell.alignment = columns[i - 1]?.format
      ? { vertical: 'middle', horizontal: 'right', wrapText: true }
      : { ...TEXT, vertical: 'middle', wrapText: true };
    cell.numFmt = '@';
  });
  header.height = 32;
  header.commit();
}

/**
 * Adds values as they are: numbers stay numbers, what is not known stays blank. A text that a spreadsheet would take for a formula is
 * stored as text and formatted as text, so that it stays one when the cell is edited or the sheet exported.
 */
export function addRow(sheet: Worksheet, values: readonly CellValue[], columns: readonly SheetColumn[] = []): Row {
  const row = sheet.addRow(values.map(toCell));
  // Not every program works the height of a wrapped row out for itself.
  const lines = columns.map((column, i) => (column.wrap ? Math.ceil(textOf(values[i]).length / ((column.width ?? 10) * 0.95)) : 1));
  const most = Math.min(20, Math.max(1, ...lines));
  if (most > 1) row.height = most * LINE_POINTS;
  values.forEach((value, i) => {
    if (typeof value === 'string' && /^[=+\-@\t\r]/.test(value)) row.getCell(i + 1).numFmt = '@';
    if (columns[i]?.input) row.getCell(i + 1).fill = INPUT;
  });
  row.commit();
  return row;
}

const textOf = (value: CellValue): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

function toCell(value: CellValue): string | number | boolean | Date | Formula | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' ? plain(value, MAX_TEXT) : value;
}
