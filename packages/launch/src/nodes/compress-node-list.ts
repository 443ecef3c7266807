/**
 * A Slurm node list that means these nodes, in this order, repeated ones included: `n[1-3,7],m1`. Only numbers at the end of names
 * are put together, because Slurm itself refuses text after brackets.
 */
export function compressNodeList(nodes: readonly string[]): string {
  const words: { prefix: string; ranges: Range[] }[] = [];
  for (const node of nodes) {
    const [, prefix = node, digits = ''] = /^(.*?)(\d{1,15})$/.exec(node) ?? [];
    const word = words.at(-1);
    if (!word || word.prefix !== prefix || digits === '' || word.ranges.length === 0) {
      words.push({ prefix, ranges: digits === '' ? [] : [{ first: digits, last: digits }] });
      continue;
    }
    const range = word.ranges.at(-1);
    if (range && follows(range, digits)) range.last = digits;
    else word.ranges.push({ first: digits, last: digits });
  }
  return words.map(textOf).join(',');
}

interface Range {
  first: string;
  last: string;
}

/** A range is as wide as its first number. */
const follows = ({ first, last }: Range, digits: string) => String(Number(last) + 1).padStart(first.length, '0') === digits;

function textOf({ prefix, ranges }: { prefix: string; ranges: Range[] }): string {
  const texts = ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
  if (texts.length === 0) return prefix;
  return texts.length === 1 && ranges[0]?.first === ranges[0]?.last ? `${prefix}${texts[0]}` : `${prefix}[${texts.join(',')}]`;
}
