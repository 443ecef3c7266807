import { oneLine } from './text.ts';

/** Text from data that means nothing in Markdown: no HTML, no link, no mention, no end of a table's cell. One line. */
export function markdownText(value: unknown, max = 200): string {
  return (
    oneLine(value, max)
      .replace(/[\\`*_{}[\]()+!|~$]/g, '\\$&')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // A zero-width space ends what would notify somebody, or become a link.
      .replace(/[@#](?=\w)/g, '$&\u200B')
      .replace(/:\/\//g, ':\u200B//')
      .replace(/\bwww\./gi, 'www\u200B.')
  );
}
