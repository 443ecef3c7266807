/** Readings at most: what changes all the time is then told as it was last seen. */
const TRIES = 100;

/**
 * Reads several counters that another thread moves, as they were at one moment. Counters that only grow and are equal in two
 * readings in a row did not move in between: what both say was so at once.
 */
export function steadyRead(read: () => number[]): number[] {
  let before = read();
  for (let i = 1; i < TRIES; i++) {
    const now = read();
    if (now.every((value, place) => value === before[place])) return now;
    before = now;
  }
  return before;
}
