/** Steps of the ordered palette. */
const RANKS = 8;

/** Class of the `i`-th of `count` ordered things: spread over the palette, light to dark. */
export function rankColor(i: number, count: number): string {
  return `r${count <= 1 ? 3 : Math.round((i * (RANKS - 1)) / (count - 1))}`;
}
