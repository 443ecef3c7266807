import { BenchError } from '../error.ts';
import { isNodeName } from './node-name.ts';

/** As in Slurm (`MAX_RANGE`): a longer range is a mistake. */
const MAX_RANGE = 65_536;
/** More nodes than any machine has. */
const MAX_NODES = 1_000_000;

/** A word between commas, in pieces: literal text, and bracket groups with all that they stand for. */
type Piece = string | string[];

/**
 * The nodes that a Slurm node list means, in Slurm's order: `a[1-2],b[08-10]c[1,3]-ib`. Groups may be many, padded
 * (a range is as wide as its first number), and followed by text. Repeated names stay. The order is that of `scontrol show hostnames`,
 * which it agrees with on every list that `scontrol` reads; text after the last group, which real clusters have, is read too.
 * @throws BenchError `BENCH_NODE_LIST` for anything else, with the place.
 */
export function expandNodeList(list: string): string[] {
  const nodes: string[] = [];
  for (const { word, at } of wordsOf(list)) {
    for (const name of product(piecesOf(word, { list, at }))) {
      if (!isNodeName(name)) throw invalid({ list, at, why: `"${name.slice(0, 80)}" cannot be the name of a node` });
      nodes.push(name);
      if (nodes.length > MAX_NODES) throw invalid({ list, at, why: `more than ${MAX_NODES} nodes` });
    }
  }
  return nodes;
}

interface Place {
  list: string;
  /** Characters before it. */
  at: number;
}

/** Splits at commas outside of brackets. */
function wordsOf(list: string): { word: string; at: number }[] {
  const words: { word: string; at: number }[] = [];
  let start = 0;
  let open = false;
  for (let i = 0; i <= list.length; i++) {
    const c = list[i];
    if (c === '[') {
      if (open) throw invalid({ list, at: i, why: 'a "[" inside of brackets' });
      open = true;
    } else if (c === ']') {
      if (!open) throw invalid({ list, at: i, why: 'a "]" without its "["' });
      open = false;
    } else if (c === undefined || (c === ',' && !open)) {
      if (open) throw invalid({ list, at: start, why: 'a "[" without its "]"' });
      const word = list.slice(start, i).trim();
      if (word === '') throw invalid({ list, at: start, why: 'a name is missing' });
      words.push({ word, at: start });
      start = i + 1;
    }
  }
  return words;
}

function piecesOf(word: string, place: Place): Piece[] {
  return word
    .split(/(\[[^\]]*\])/)
    .filter((piece) => piece !== '')
    .map((piece) =>
      piece.startsWith('[')
        ? piece
            .slice(1, -1)
            .split(',')
            .flatMap((range) => numbersOf(range, place))
        : piece,
    );
}

/** `3`, `007` or `08-10`. Single numbers stay as they are written. */
function numbersOf(range: string, place: Place): string[] {
  const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  if (low === undefined) throw invalid({ ...place, why: `"${range}" is not a number or a range` });
  if (high === undefined) return [low];
  if (low.length > 15 || high.length > 15) throw invalid({ ...place, why: `the numbers of "${range}" are too long` });
  const [first, last] = [Number(low), Number(high)];
  if (last < first) throw invalid({ ...place, why: `"${range}" runs backwards` });
  if (last - first >= MAX_RANGE) throw invalid({ ...place, why: `"${range}" is more than ${MAX_RANGE} nodes` });
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i).padStart(low.length, '0'));
}

/**
 * All combinations, in Slurm's order: the last group runs fastest, of the ones before it the first runs fastest. (With two groups that is
 * what everyone expects; the order matters, because rank 0 is on the first node.)
 */
function* product(pieces: Piece[]): Iterable<string> {
  const groups = pieces.flatMap((piece, i) => (typeof piece === 'string' ? [] : [i]));
  const fastestFirst = [...groups.slice(-1), ...groups.slice(0, -1)];
  const at = new Map(groups.map((i) => [i, 0]));
  for (;;) {
    yield pieces.map((piece, i) => (typeof piece === 'string' ? piece : piece[at.get(i) ?? 0])).join('');
    const next = fastestFirst.find((i) => {
      const value = (at.get(i) ?? 0) + 1;
      at.set(i, value < (pieces[i]?.length ?? 0) ? value : 0);
      return value < (pieces[i]?.length ?? 0);
    });
    if (next === undefined) return;
  }
}

function invalid({ list, at, why }: Place & { why: string }): BenchError {
  const shown = list.length > 200 ? `${list.slice(0, 200)}…` : list;
  return new BenchError({
    code: 'BENCH_NODE_LIST',
    message: `node list "${shown}", at character ${at + 1}: ${why}`,
    hint: 'a node list is like a[1-2],b[08-10]',
    exitCode: 2,
  });
}
