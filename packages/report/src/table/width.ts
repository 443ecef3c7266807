/** Characters that take two columns of a terminal: East Asian wide and full-width forms, and emoji. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}|\uFE0F/u;
const ZERO = /^[\p{M}\p{Cf}]+$/u;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

const graphemeWidth = (grapheme: string): number => (ZERO.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1);

/** Columns that a text without escape sequences takes in a terminal. */
export function displayWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x20-\x7E]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Cut to `width` columns; what is cut is shown by `ellipsis`. */
export function truncate(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const room = width - ellipsis.length;
  let out = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const w = graphemeWidth(segment);
    if (used + w > room) break;
    out += segment;
    used += w;
  }
  return room < 0 ? '' : out.trimEnd() + ellipsis;
}

/** The same, cut in its middle: names often differ only at their ends. */
export function truncateMiddle(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const tail = Math.floor((width - ellipsis.length) / 2);
  if (tail < 1) return truncate(text, width, ellipsis);
  const segments = [...segmenter.segment(text)].map(({ segment }) => segment);
  let end = '';
  for (let i = segments.length - 1; i >= 0 && displayWidth(end) + graphemeWidth(segments[i] as string) <= tail; i--)
    end = segments[i] + end;
  return truncate(text, width - displayWidth(end), ellipsis) + end.trimStart();
}

export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - displayWidth(text)));

/** Lines of at most `width` columns, broken at spaces; a longer word is cut. The lines after the first start with `indent` spaces. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const room = Math.max(8, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    let rest = word;
    if (line.trim() !== '' && displayWidth(line) + 1 + displayWidth(rest) > room) {
      lines.push(line);
      line = ' '.repeat(indent);
    }
    line = line.trim() === '' ? line + rest : `${line} ${rest}`;
    while (displayWidth(line) > room) {
      const head = truncate(line, room, '');
      lines.push(head);
      rest = line.slice(head.length);
      line = ' '.repeat(indent) + rest;
    }
  }
  if (line.trim() !== '') lines.push(line);
  return lines;
}
