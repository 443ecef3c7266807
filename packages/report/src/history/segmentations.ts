/** The best division of a series into one more part than it has cuts. */
export interface Segmentation {
  /** Where parts begin, but for the first; rising. */
  cuts: readonly number[];
  /** Sum of squares about the mean of each part. */
  rss: number;
}

/** A part of one value says nothing about its noise; the newest value alone may be one, for it is what is asked about. */
const SHORTEST = 2;

/**
 * For 0, 1, 2, … up to `most` cuts the division of a series with the least sum of squares: exactly, by dynamic programming over the place of the last cut
 * (segment neighbourhood: Auger & Lawrence, Bulletin of Mathematical Biology 51, 1989). Parts have two values or more, the last may have one. Ends where
 * there is no room for another cut.
 */
export function segmentations(values: Float64Array, most: number): Segmentation[] {
  const n = values.length;
  const cost = costs(values);
  const found: Segmentation[] = [{ cuts: [], rss: cost(0, n) }];
  // Of so many parts that end at t: the least sum of squares, and where the last of them begins.
  let ending = Float64Array.from({ length: n + 1 }, (_, t) => (t < SHORTEST ? Infinity : cost(0, t)));
  const begins: Int32Array[] = [];
  for (let cuts = 1; cuts <= most; cuts++) {
    let last = -1;
    let least = Infinity;
    for (let s = SHORTEST * cuts; s < n; s++) {
      const rss = (ending[s] as number) + cost(s, n);
      if (rss < least) [last, least] = [s, rss];
    }
    if (last < 0) break;
    found.push({ cuts: traced(begins, last), rss: least });
    const next = new Float64Array(n + 1).fill(Infinity);
    const begin = new Int32Array(n + 1);
    for (let t = SHORTEST * (cuts + 1); t < n; t++) {
      for (let s = SHORTEST * cuts; s <= t - SHORTEST; s++) {
        const rss = (ending[s] as number) + cost(s, t);
        if (rss < (next[t] as number)) [next[t], begin[t]] = [rss, s];
      }
    }
    ending = next;
    begins.push(begin);
  }
  return found;
}

/** Cuts, from the last one back. */
function traced(begins: readonly Int32Array[], last: number): number[] {
  const cuts = [last];
  for (let i = begins.length - 1; i >= 0; i--) cuts.unshift((begins[i] as Int32Array)[cuts[0] as number] as number);
  return cuts;
}

/** Sum of squares about its mean of the part from `s` to before `t`. */
function costs(values: Float64Array): (s: number, t: number) => number {
  const n = values.length;
  // About the middle of all, so that little is lost when large sums are taken from each other.
  const middle = values.reduce((sum, v) => sum + v, 0) / n;
  const sums = new Float64Array(n + 1);
  const squares = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const v = (values[i] as number) - middle;
    sums[i + 1] = (sums[i] as number) + v;
    squares[i + 1] = (squares[i] as number) + v * v;
  }
  return (s, t) => {
    const sum = (sums[t] as number) - (sums[s] as number);
    return Math.max(0, (squares[t] as number) - (squares[s] as number) - (sum * sum) / (t - s));
  };
}
