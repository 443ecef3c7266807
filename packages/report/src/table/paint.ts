/** What makes a text bold, dim or coloured in a terminal. */
export type Paint = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>;

/** ANSI escape sequences, or with `color` false nothing. */
export function painter(color: boolean): Paint {
  const code = (open: number, close: number) => (text: string) => (color && text !== '' ? `\u001B[${open}m${text}\u001B[${close}m` : text);
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), green: code(32, 39), yellow: code(33, 39) };
}

const ASCII: Record<string, string> = {
  '–': '-',
  '—': '-',
  '−': '-',
  '·': '|',
  '→': '>',
  '×': 'x',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '…': '.',
  µ: 'u',
  '\u00A0': ' ',
  '\u202F': ' ',
};

/** A line for a terminal that shows ASCII alone; colours stay. */
export function toAscii(line: string): string {
  return line.replace(/[^\x20-\x7E\u001B]/gu, (c) => ASCII[c] ?? '?');
}
