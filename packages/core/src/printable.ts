/** C0 and C1 control characters (an escape sequence in a name drives the terminal), the marks that reorder text, and what is no character. */
const UNPRINTABLE =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF\uFFFE\uFFFF]/g;

/** A text from data with every character replaced that a terminal or a page would obey instead of showing it: line ends and tabs too. */
export function replaceUnprintable(text: string, by: (character: string) => string): string {
  return text.replace(UNPRINTABLE, by);
}

/** The same with those characters as they are written in code: `\n`, `\x1b`, `\u202e`. The result is one line. */
export function printable(text: string): string {
  return replaceUnprintable(text, (character) => {
    const code = character.charCodeAt(0);
    if (character === '\n') return String.raw`\n`;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
