// oxlint-disable-next-line no-control-regex -- escape sequences take no room
const ESCAPES = /\u001B\[[0-9;]*m/g;

/** Characters of a text that take room. */
export const seenLength = (text: string): number => text.replaceAll(ESCAPES, '').length;

/** Parts two spaces apart, in as many lines as they take: what does not fit goes on below, four spaces in. Without a width in one line. */
export function foldParts(parts: readonly string[], width: number | undefined): string {
  const [first = '', ...rest] = parts;
  const lines = [first];
  for (const part of rest) {
    const longer = `${lines.at(-1) ?? ''}  ${part}`;
    if (width === undefined || seenLength(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(`    ${part}`);
  }
  return lines.join('\n');
}
