import { replaceUnprintable } from '@bench/core';

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** A string from data, fit to be shown: no control characters, no text-direction overrides, no lone surrogates, at most `max` characters. */
export function plain(value: unknown, max = 400): string {
  const given = typeof value === 'string' ? value : value === null || value === undefined ? '' : String(value);
  const text = replaceUnprintable(given, (character) => (character === '\n' || character === '\t' ? character : '')).replace(
    LONE_SURROGATE,
    '\uFFFD',
  );
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
