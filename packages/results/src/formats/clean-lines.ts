/** Longest line that is looked at: longer than the arguments that vLLM prints, shorter than a log without line ends. */
const MAX_LINE = 20_000;

/**
 * Lines of a captured terminal: without ANSI sequences, cut at LF, CRLF and CR (progress bars redraw with CR). Of a line longer than 20 000
 * characters the end is kept, where a bar that ended without a line end is followed by what came next.
 */
export function cleanLines(text: string): string[] {
  const bare = text.includes('\u001b') ? text.replace(ANSI, '') : text;
  return bare.split(/\r\n|\n|\r/).map((line) => (line.length > MAX_LINE ? line.slice(-MAX_LINE) : line));
}

// CSI sequences (colours, cursor) and OSC sequences (titles, links). Every class excludes what may follow it: linear.
// eslint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

export interface Titled {
  title: string;
  /** Column at which the rule begins: what is before it is a prefix of the log, or a progress bar. */
  column: number;
}

/** `==== Title ====` or `----Title----` with rules of 3 or more of `fill`, anywhere in a line; null: not one. */
export function titleIn(line: string, fill: '=' | '-'): Titled | null {
  const end = line.trimEnd();
  let right = end.length;
  while (right > 0 && end[right - 1] === fill) right--;
  if (end.length - right < 3) return null;
  const left = end.indexOf(fill.repeat(3));
  let from = left;
  while (end[from] === fill) from++;
  if (from >= right) return null;
  const title = end.slice(from, right).trim();
  return title === '' ? null : { title, column: left };
}

/** Whether a line, after any prefix, is nothing but a rule of 20 or more `=`. */
export function isRule(line: string): boolean {
  const end = line.trimEnd();
  return end.endsWith('='.repeat(20)) && !/[A-Za-z]/.test(end.slice(end.indexOf('===')));
}

/** A number as Python prints it, also `nan`, `inf`, `1e-05` and `97.5%`; null: not a number. */
export function pythonNumber(text: string): number | null {
  const bare = text.trim().replace(/%$/, '').trim().toLowerCase();
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/.test(bare)) return Number(bare);
  if (bare === 'nan') return Number.NaN;
  if (/^[+-]?inf(inity)?$/.test(bare)) return bare.startsWith('-') ? -Infinity : Infinity;
  return null;
}
