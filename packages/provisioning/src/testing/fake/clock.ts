import { createIo } from '@bench/core';

/** The clock of a fake: runs with the real one, and can be put forward. All that a fake does by time (boots, bills) goes by it. */
export interface FakeClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** The same, ISO 8601. */
  iso(): string;
  advance(ms: number): void;
}

/** @param start what it shows now, milliseconds since the epoch; default the real time */
export function fakeClock(options: { start?: number } = {}): FakeClock {
  const real = createIo().now;
  let offset = options.start === undefined ? 0 : options.start - real();
  const now = () => real() + offset;
  return {
    now,
    iso: () => new Date(now()).toISOString(),
    advance: (ms) => {
      offset += ms;
    },
  };
}
