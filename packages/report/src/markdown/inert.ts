import { oneLine } from '../text.ts';

/** No width, and no break: what is a mention, a reference or an address without it is none with it. */
const JOINER = '\u2060';

/** Text that Markdown shows as it is: every sign that could mean something to it is written as its number, and nothing becomes a link. */
export function inert(value: string, max: number): string {
  return oneLine(value, max)
    .replace(/[!"#$&'*<>@[\\\]^_`{|}~]/g, (sign) => `&#${sign.charCodeAt(0)};${sign === '@' || sign === '#' ? JOINER : ''}`)
    .replaceAll('://', `:${JOINER}//`)
    .replace(/\b(www)\./gi, `$1${JOINER}.`);
}

/** A name as code, where it has no sign that would end that or the cell; else as inert text. */
export function code(value: string, max: number): string {
  const text = oneLine(value, max);
  if (text === '') return '';
  return /[`|\\]/.test(text) ? inert(text, max) : `\`${text}\``;
}
