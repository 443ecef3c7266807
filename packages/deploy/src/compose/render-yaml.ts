import { stringify } from 'yaml';

/** Characters that PyYAML refuses, or reads as the end of a line, when they stand there as they are. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * A compose file. Every string is in double quotes, for compose v1 reads YAML 1.1, where `no` and `12:30` are no strings; and every
 * dollar is doubled, for compose replaces `$NAME` by its own environment. What is passed in is what containers get.
 */
export function renderCompose(document: Readonly<Record<string, unknown>>): string {
  const text = stringify(escapeDollars(document), {
    version: '1.1',
    lineWidth: 0,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    aliasDuplicateObjects: false,
  });
  return text.replace(UNPRINTABLE, (c) => String.raw`\u` + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** Every `$` in every value, doubled: compose's own escape. Keys are not interpolated. */
export function escapeDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([key, inner]) => [key, escapeDollars(inner)]),
    );
  }
  return value;
}
