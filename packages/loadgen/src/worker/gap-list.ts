import type { GapList } from '@bench/core';
import { roomFor } from './growing.ts';

/** The gaps of many requests in one piece of memory. */
export interface PackedGaps {
  /** Of all requests one after another, milliseconds. */
  gaps: Float32Array;
  /** Index and number of gaps of each request, in the same order. */
  gapCounts: Int32Array;
}

export function gapList(): { push(index: number, gaps: Float32Array): void; all(): PackedGaps } {
  let all = new Float32Array(0);
  let counts = new Int32Array(0);
  let used = 0;
  let requests = 0;
  return {
    push(index, gaps) {
      all = roomFor(all, used + gaps.length);
      all.set(gaps, used);
      used += gaps.length;
      counts = roomFor(counts, 2 * requests + 2);
      counts[2 * requests] = index;
      counts[2 * requests + 1] = gaps.length;
      requests++;
    },
    all: () => ({ gaps: all.subarray(0, used), gapCounts: counts.subarray(0, 2 * requests) }),
  };
}

/** The gaps of each request, as parts of the same memory. */
export function unpackGaps({ gaps, gapCounts }: PackedGaps): GapList[] {
  const lists: GapList[] = [];
  for (let i = 0, at = 0; i < gapCounts.length; i += 2) {
    const to = at + (gapCounts[i + 1] as number);
    lists.push({ index: gapCounts[i] as number, gapsMs: to === at ? NONE : gaps.subarray(at, to) });
    at = to;
  }
  return lists;
}

const NONE = new Float32Array(0);
