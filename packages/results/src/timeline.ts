import type { JournalLine } from './journal-events.ts';

/**
 * Events with the time at which they happened, milliseconds since the epoch. Within one process differences are those of its monotonic clock,
 * so that a wall clock that jumps in the middle changes no duration; between processes they are the wall clock's. Never goes back.
 */
export function timeline(events: readonly JournalLine[]): { event: JournalLine; t: number }[] {
  let last = 0;
  let zero = 0;
  return events.map((event) => {
    const wall = Date.parse(event.at);
    if (event.ms === undefined || event.ms === 0) zero = Math.max(wall, last);
    const t = Math.max(event.ms === undefined ? wall : zero + event.ms, last);
    last = t;
    return { event, t };
  });
}
