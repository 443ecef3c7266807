import type { Report } from '../report.ts';
import { oneLine } from '../text.ts';
import { csvColumns, type CsvValue } from './csv-columns.ts';

/** A cell is for reading; a log belongs elsewhere. */
const MAX_TEXT = 4000;

/**
 * The rows as comma-separated values (RFC 4180: CRLF, quotes doubled), UTF-8: a line of names, then a line a point, tasks without one
 * included. Numbers are as exact as they are kept; what is not known is empty. A text that a spreadsheet would take for a formula has an
 * apostrophe before it.
 */
export function renderCsv({ rows, problems }: Report): string {
  const columns = csvColumns(rows, problems);
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

function cell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const text = oneLine(value, MAX_TEXT);
  const inert = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
