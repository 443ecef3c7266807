import { performance } from 'node:perf_hooks';

/**
 * Distance from this thread's `performance.now()` to the machine's monotonic clock. Every worker thread has its own
 * origin of `performance.now()`, and `process.hrtime` has one for the whole machine, so stamps are moved onto that.
 * The tightest of some bracketed readings is taken: its error is under the time between two readings.
 */
const offsetMs = (() => {
  let best = { width: Number.POSITIVE_INFINITY, offset: 0 };
  for (let i = 0; i < 50; i++) {
    const before = performance.now();
    const machine = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before < best.width) best = { width: after - before, offset: machine - (before + after) / 2 };
  }
  return best.offset;
})();

/** The wall clock as it was when the program began, moved on by the monotonic clock: no correction of it makes it jump. Epoch milliseconds. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Milliseconds on the machine's monotonic clock: comparable between threads, and between processes of one machine. */
export function clockMs(): number {
  return performance.now() + offsetMs;
}

/** A time of the monotonic clock on the wall clock, as {@link epochMs} tells it. */
export function toEpochMs(clock: number): number {
  return clock - offsetMs + performance.timeOrigin;
}

/** A time of the wall clock on the monotonic one. */
export function toClockMs(epoch: number): number {
  return epoch - performance.timeOrigin + offsetMs;
}
