// C0 and C1 control characters (an escape sequence in a name would drive the terminal), and the marks that reorder text.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF\uFFFE\uFFFF]/g;

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** A string from data, fit to be shown: no control characters, no text-direction overrides, no lone surrogates, at most `max` characters. */
export function plain(value: unknown, max = 400): string {
  const text = (typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value))
    .replace(UNSAFE, '')
    .replace(LONE_SURROGATE, '\uFFFD');
  if (text.length <= max) return text;
  // A cut between the halves of a pair would leave half a character.
  const end = /[\uD800-\uDBFF]/.test(text[max - 2] ?? '') ? max - 2 : max - 1;
  return `${text.slice(0, end)}…`;
}

/** The same on one line: every run of white space is one space. */
export function oneLine(value: unknown, max = 400): string {
  return plain(value, max * 4)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, max);
}
