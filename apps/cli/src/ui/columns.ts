import type { Styles } from './style.ts';

/** Aligned columns with a dim header; control characters of the data are shown, not obeyed. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[], style: Styles): string {
  const clean = rows.map((row) => row.map(printable));
  const widths = header.map((title, i) => Math.max(title.length, ...clean.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[style.dim(line(header)), ...clean.map(line)].join('\n')}\n`;
}

/** Text whose control characters cannot reach the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
