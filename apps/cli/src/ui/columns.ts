import { printable } from '@bench/core';
import type { Styles } from './style.ts';

/** A column is never cut below this. */
const NARROWEST = 8;

/**
 * Aligned columns with a dim header; control characters of the data are shown, not obeyed. With a `width` the widest cells are cut until
 * the lines fit, each cut marked by an ellipsis; `whole` columns (ids that are typed again) never are.
 */
export function columns(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  style: Styles,
  fit: { width?: number | undefined; whole?: readonly number[] } = {},
): string {
  const clean = rows.map((row) => row.map(printable));
  const widths = header.map((title, i) => Math.max(title.length, ...clean.map((row) => (row[i] ?? '').length)));
  if (fit.width !== undefined) shrink(widths, { header, width: fit.width, whole: fit.whole ?? [] });
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cut(cell, widths[i] ?? 0, style))
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[style.dim(line(header)), ...clean.map(line)].join('\n')}\n`;
}

/** Takes from the widest column, one character at a time, until the line fits or nothing more can be taken. */
function shrink(widths: number[], o: { header: readonly string[]; width: number; whole: readonly number[] }): void {
  const least = (i: number) => (o.whole.includes(i) ? Infinity : Math.max(NARROWEST, o.header[i]?.length ?? 0));
  const total = () => widths.reduce((sum, w) => sum + w, 0) + 2 * (widths.length - 1);
  while (total() > o.width) {
    const widest = widths
      .map((w, i) => ({ w, i }))
      .filter(({ w, i }) => w > least(i))
      .sort((a, b) => b.w - a.w)[0];
    if (!widest) return;
    widths[widest.i] = widest.w - 1;
  }
}

/** The beginning of a text, with a mark where the rest was. */
export function cut(text: string, width: number, style: Pick<Styles, 'unicode'>): string {
  if (text.length <= width) return text;
  const mark = style.unicode ? '…' : '...';
  return `${text.slice(0, Math.max(0, width - mark.length)).trimEnd()}${mark}`;
}

/** A text in lines of at most `width`, broken between words where there are any; past `lines` it is cut, with a mark. */
export function wrap(text: string, o: { width: number; lines: number; indent: string; style: Pick<Styles, 'unicode'> }): string[] {
  const room = Math.max(NARROWEST, o.width - o.indent.length);
  const out: string[] = [];
  let rest = text;
  while (rest !== '' && out.length < o.lines) {
    if (out.length === o.lines - 1 || rest.length <= room) {
      out.push(cut(rest, room, o.style));
      break;
    }
    const at = rest.lastIndexOf(' ', room);
    const end = at > 0 ? at : room;
    out.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return out.map((line) => `${o.indent}${line}`);
}

/** A text in as many lines as it takes, where the stream has a width; else in one. */
export function folded(text: string, o: { width?: number | undefined; indent: string }, style: Pick<Styles, 'unicode'>): string[] {
  if (o.width === undefined) return [`${o.indent}${text}`];
  return wrap(text, { width: o.width, lines: Infinity, indent: o.indent, style });
}

/** A label in its colour and what it is about, in as many lines as it takes. */
export function labelled(
  label: string,
  text: string,
  o: { width?: number | undefined; paint: (text: string) => string },
  style: Pick<Styles, 'unicode'>,
): string[] {
  const width = o.width === undefined ? undefined : o.width - 2;
  const [first = '', ...rest] = folded(`${label} ${text}`, { width, indent: '' }, style);
  return [`${o.paint(label)}${first.slice(label.length)}`, ...rest.map((line) => `  ${line}`)];
}

/**
 * A line of somebody's log as a terminal may show it: colours and tabs stay, of a line that was drawn over the last state is shown, and other
 * control characters are shown, not obeyed.
 */
export function shownLine(text: string): string {
  const last = text.replace(/\r$/, '').split('\r').at(-1) ?? '';
  return (
    last
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      .split(/(\u001B\[[0-9;]*m|\t)/)
      .map((part, i) => (i % 2 === 1 ? part : printable(part)))
      .join('')
  );
}
